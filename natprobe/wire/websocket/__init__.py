"""WebSocket without sockets: the opening handshake and its proof, and frames as messages (RFC 6455)."""
