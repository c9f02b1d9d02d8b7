"""The opening of HTTP/2, as far as it takes to ask: does this server carry WebSocket over it? (RFC 9113, RFC 8441)"""

import struct

HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04\x00" + bytes(4)
"""The client's preface with empty SETTINGS (RFC 9113 section 3.4)."""
GOODBYE = b"\x00\x00\x08\x07\x00" + bytes(12)
"""GOAWAY without an error (section 6.8)."""
_SETTINGS = 4
_HEADER = 9
_ENABLE_CONNECT_PROTOCOL = 8  # RFC 8441 section 3
_LONGEST = 16_384


def carries_websocket(data: bytes) -> bool | None:
    """What the server's first frame says; None where it is not complete. Raises ValueError where it is no SETTINGS."""
    if len(data) < _HEADER:
        return None
    length, kind = int.from_bytes(data[:3]), data[3]
    if kind != _SETTINGS or length > _LONGEST or length % 6:
        raise ValueError("the first frame is no SETTINGS")
    if len(data) < _HEADER + length:
        return None
    settings: dict[int, int] = dict(struct.iter_unpack(">HI", data[_HEADER : _HEADER + length]))
    return settings.get(_ENABLE_CONNECT_PROTOCOL) == 1
