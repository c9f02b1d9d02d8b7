'use strict';
// AppRTC's signalling server, after its public interface: the real one is a Go program that is built nowhere any more.
//
//   node collider.js '{"port": 8089, "cert": "chain.pem", "key": "key.pem"}'     without cert and key: plain
//
// /ws                   {"cmd": "register", "roomid": …, "clientid": …}, then {"cmd": "send", "msg": …}; an upgrade
//                       request without Origin is answered 403, as Go's websocket.Handler does
// /status               counters as JSON
// POST /ROOM/CLIENT     sends the body to the other client of the room; DELETE takes the client out
const fs = require('fs');
const http = require('http');
const https = require('https');
const { WebSocketServer } = require('ws');

const { port, cert, key } = JSON.parse(process.argv[2]);
const MOST_CLIENTS = 2;
const rooms = new Map();
const counters = { openws: 0, totalws: 0, wserrors: 0, httperrors: 0 };
const started = Date.now();

const server = cert
  ? https.createServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) }, answer)
  : http.createServer(answer);
const sockets = new WebSocketServer({ noServer: true });

server.on('upgrade', (request, socket, head) => {
  socket.on('error', () => socket.destroy());
  if (request.url.split('?')[0] !== '/ws') {
    socket.end('HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  } else if (!request.headers.origin) {
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  } else {
    sockets.handleUpgrade(request, socket, head, serve);
  }
});

function serve(socket) {
  let own; // [room, client] once it has registered
  counters.openws += 1;
  counters.totalws += 1;
  socket.on('message', (data) => {
    const refusal = take(data);
    if (refusal === undefined) return;
    counters.wserrors += 1;
    socket.send(JSON.stringify({ msg: '', error: refusal.error }));
    if (!refusal.goesOn) socket.close(1000);
  });
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    counters.openws -= 1;
    if (own) clientsOf(own[0]).delete(own[1]);
  });

  function take(data) {
    let message;
    try {
      message = JSON.parse(data) || {};
    } catch (trouble) {
      return { error: 'websocket.JSON.Receive error: ' + trouble.message };
    }
    if (message.cmd === 'register') return register(message);
    if (message.cmd === 'send') return pass(message);
    return { error: "Invalid message: unexpected 'cmd'", goesOn: true };
  }

  function register({ roomid, clientid }) {
    if (own) return { error: 'Duplicated register request' };
    if (!roomid || !clientid) return { error: "Invalid register request: missing 'clientid' or 'roomid'" };
    const clients = clientsOf(roomid);
    if (!clients.has(clientid) && clients.size >= MOST_CLIENTS) return { error: 'Max room capacity reached' };
    const client = clients.get(clientid) || { waiting: [] };
    if (client.socket) return { error: 'Invalid register: duplicated client' };
    own = [roomid, clientid];
    clients.set(clientid, { socket, waiting: [] });
    for (const [id, other] of clients) if (id !== clientid) other.waiting.splice(0).forEach((msg) => tell(socket, msg));
    return undefined;
  }

  function pass({ msg }) {
    if (!own) return { error: 'Client not registered' };
    if (!msg) return { error: "Invalid send request: missing 'msg'" };
    send(own[0], own[1], msg);
    return undefined;
  }
}

function clientsOf(room) {
  if (!rooms.has(room)) rooms.set(room, new Map());
  return rooms.get(room);
}

function tell(socket, msg) {
  socket.send(JSON.stringify({ msg, error: '' }));
}

// To the other client; kept with the sender until that one registers.
function send(room, from, msg) {
  const clients = clientsOf(room);
  if (!clients.has(from)) clients.set(from, { waiting: [] });
  const other = [...clients].find(([id, client]) => id !== from && client.socket);
  if (other) tell(other[1].socket, msg);
  else clients.get(from).waiting.push(msg);
}

function answer(request, response) {
  response.setHeader('Access-Control-Allow-Origin', '*');
  const path = request.url.split('?')[0];
  if (path === '/status') {
    response.setHeader('Access-Control-Allow-Methods', 'GET');
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ upsec: (Date.now() - started) / 1000, ...counters }));
    return;
  }
  if (path === '/ws') {
    // What Go's handler says to a request that is no upgrade.
    response.writeHead(400, { 'Sec-WebSocket-Version': '13' }).end('not websocket protocol');
    return;
  }
  response.setHeader('Access-Control-Allow-Methods', 'POST, DELETE');
  const parts = path.split('/');
  if (parts.length !== 3) return fail(response, 'Invalid path: ' + path);
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (piece) => (body += piece));
  request.on('end', () => {
    if (request.method === 'POST' && body === '') return fail(response, 'Empty request body');
    if (request.method === 'POST') send(parts[1], parts[2], body);
    else if (request.method === 'DELETE') clientsOf(parts[1]).delete(parts[2]);
    else return undefined;
    return response.end('OK\n');
  });
  return undefined;
}

function fail(response, text) {
  counters.httperrors += 1;
  response.writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8' }).end(text + '\n');
}

server.listen(port, '0.0.0.0');
