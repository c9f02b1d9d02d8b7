"""Which service speaks on a TCP port? What to say to it, and what its first words prove. Pure.

Only questions that change nothing: PING to Redis, GET to a web server, a STUN Binding. Who talks first is not asked.
"""

from natprobe.wire.message import looks_like_stun

USUAL = {
    22: "SSH", 1935: "RTMP", 1985: "the SRS API", 3306: "MySQL", 5432: "PostgreSQL", 5766: "coturn's CLI",
    6379: "Redis", 7088: "the Janus admin API", 7188: "the Janus admin API", 9090: "Prometheus",
    9641: "coturn's metrics", 11211: "memcached", 27017: "MongoDB",
}  # fmt: skip
"""What listens there by custom, where the port itself says nothing."""

_PATHS = {1985: "/api/v1/versions", 7088: "/admin/info", 9641: "/metrics", 9090: "/metrics"}
_OWN = {6379: b"PING\r\n", 11211: b"version\r\n"}
_NEVER_ASKED = frozenset({5432, 27017, *range(9100, 9108)})
"""Some wait for bytes of their own protocol, and printers print whatever comes."""
_STUN_PORTS = frozenset({3478, 3479, 19302})
_SAID_BEGINS = (
    (b"+PONG", "Redis"),
    (b"-NOAUTH", "Redis"),
    (b"-DENIED Redis", "Redis"),
    (b"SSH-", "SSH"),
    (b"TURN Server\r\n", "coturn's CLI"),
    (b"RTSP/1.", "RTSP"),
    (b"VERSION ", "memcached"),
    (b"\x15\x03", "TLS"),
)
_WEB_HOLDS = (
    (b"# TYPE ", "metrics for Prometheus"),
    (b'"server_info"', "the Janus API"),
    (b'"janus"', "the Janus API"),
    (b'"server":"vid-', "the SRS API"),
    (b'"server": "vid-', "the SRS API"),
)
_LONGEST_SHOWN = 60


def question(port: int, authority: str, binding: bytes) -> bytes:
    """What makes the service that is usual on `port` speak; nothing where only waiting is safe."""
    if port in _NEVER_ASKED:
        return b""
    if port in _OWN:
        return _OWN[port]
    if port in _STUN_PORTS:
        return binding
    path = _PATHS.get(port, "/")
    return f"GET {path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: natprobe\r\nConnection: close\r\n\r\n".encode()


def recognised(said: bytes, port: int) -> str | None:
    """The service that `said` proves; None where it proves none."""
    known = next((name for begin, name in _SAID_BEGINS if said.startswith(begin)), None)
    if known is not None:
        return known
    if said.startswith(b"HTTP/1."):
        return _web(said, port)
    if looks_like_stun(said):
        return "STUN"
    if said[3:5] == b"\x00\x0a":  # protocol version 10, in the first packet of a sequence
        return "MySQL"
    return None


def _web(said: bytes, port: int) -> str:
    name = next((name for words, name in _WEB_HOLDS if words in said), "HTTP")
    return "the Janus admin API" if name == "the Janus API" and port in {7088, 7188} else name


def shown(said: bytes) -> str:
    """How `said` begins, in print: its first line."""
    line = said.strip().partition(b"\n")[0].rstrip()[:_LONGEST_SHOWN]
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in line).strip()
