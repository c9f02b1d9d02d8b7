"""HTTP/1.1 without sockets: a request as bytes, an answer out of bytes, and what of them may be shown (RFC 9112)."""
