'use strict';
// A page and Socket.IO on one port, as the meeting and the media deployments have it.
//
//   node signalling.js '{"port": 18080, "version": 4, "allowEIO3": true, "page": "<html>…", "pingTimeout": 20000}'
//
// /sessions  how many are open, as text
// version    socket.io 4 or 2. netty-socketio, which speaks Engine.IO 3 only, is stood in for by 2.
// page       what every unknown path answers, as Express does with a catch-all to index.html; 404 without it
// namespaces that there are beside /
// refuses    what a middleware says to whoever connects
const http = require('http');

const { port, version = 4, page, namespaces = [], refuses, ...options } = JSON.parse(process.argv[2]);

const server = http.createServer((request, response) => {
  if (request.url === '/sessions') {
    response.end(String(io.engine.clientsCount));
    return;
  }
  if (page === undefined) {
    response.writeHead(404, { 'Content-Type': 'text/plain' }).end('Cannot ' + request.method + '\n');
    return;
  }
  response.writeHead(200, { 'Content-Type': 'text/html; charset=UTF-8', 'X-Powered-By': 'Express' }).end(page);
});

const io = version === 2 ? require('socket.io-2')(server, options) : new (require('socket.io').Server)(server, options);
io.on('connection', (socket) => socket.on('message', (text) => socket.broadcast.emit('message', text)));
for (const name of namespaces) io.of(name).on('connection', () => {});
if (refuses !== undefined) io.use((socket, next) => next(new Error(refuses)));
server.listen(port, '0.0.0.0');
