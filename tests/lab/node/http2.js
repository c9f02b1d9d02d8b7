'use strict';
// A web server that speaks HTTP/2 over TLS and nothing older.
//
//   node http2.js '{"port": 8443, "cert": "chain-and-key.pem", "websocket": true}'
//
// websocket   offers WebSocket over HTTP/2 (extended CONNECT, RFC 8441)
const fs = require('fs');
const http2 = require('http2');

const { port, cert, websocket = false } = JSON.parse(process.argv[2]);
const pem = fs.readFileSync(cert);

const server = http2.createSecureServer({
  cert: pem,
  key: pem,
  allowHTTP1: false,
  settings: { enableConnectProtocol: websocket },
});
server.on('stream', (stream) => {
  stream.respond({ ':status': 200, 'content-type': 'text/html' });
  stream.end('<html>two</html>');
});
server.on('sessionError', () => {});
server.listen(port, '0.0.0.0');
