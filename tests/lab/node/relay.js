'use strict';
// A WebSocket that passes each message on to the others on the same path, as small signalling servers do.
//
//   node relay.js '{"port": 8443, "cert": "chain.pem", "key": "key.pem"}'
//
// cert, key   serve wss; without them ws
const fs = require('fs');
const http = require('http');
const https = require('https');
const { WebSocketServer } = require('ws');

const { port, cert, key } = JSON.parse(process.argv[2]);
const server = cert ? https.createServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) }) : http.createServer();
const rooms = new Map();

new WebSocketServer({ server, maxPayload: 65536 }).on('connection', (socket, request) => {
  const room = rooms.get(request.url) || new Set();
  rooms.set(request.url, room.add(socket));
  socket.on('message', (data, binary) => {
    for (const other of room) if (other !== socket) other.send(data, { binary });
  });
  socket.on('error', () => socket.terminate());
  socket.on('close', () => room.delete(socket));
});
server.listen(port, '0.0.0.0');
