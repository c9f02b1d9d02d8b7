'use strict';
// A plain WebSocket server with messages of `cmd` join, leave, offer, answer and candidate; any path opens.
//
//   node messages.js '{"port": 7777, "pingMs": 5000}'
//
// pingMs   how often it pings each client; without it a silent connection stays silent
const { WebSocketServer } = require('ws');

const { port, pingMs } = JSON.parse(process.argv[2]);
const rooms = new Map();

const server = new WebSocketServer({ port, host: '0.0.0.0' });
server.on('connection', (socket) => {
  let room;
  const leave = () => room && room.delete(socket);
  const heartbeat = pingMs && setInterval(() => socket.ping(), pingMs);
  socket.on('message', (data) => {
    const message = read(data);
    if (message === undefined) return;
    if (message.cmd === 'join') {
      leave();
      room = rooms.get(message.roomId) || new Set();
      rooms.set(message.roomId, room.add(socket));
    } else if (message.cmd === 'leave') {
      leave();
    } else if (room && ['offer', 'answer', 'candidate'].includes(message.cmd)) {
      for (const other of room) if (other !== socket) other.send(JSON.stringify(message));
    }
  });
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    clearInterval(heartbeat);
    leave();
  });
});

function read(data) {
  try {
    const message = JSON.parse(data);
    return message !== null && typeof message === 'object' ? message : undefined;
  } catch {
    return undefined;
  }
}
