"""Which schemes a target can have, and what each of them implies: a table."""

from typing import Literal, NamedTuple

from natprobe.target.errors import TargetError

TransportName = Literal["udp", "tcp", "tls", "dtls"]
"""The same words as `natprobe.events.TransportName`, which stands in a higher room."""

Form = Literal["ice", "web", "port", "list"]


class Scheme(NamedTuple):
    """One row: how the rest of the URI is written (`form`), its default port and the transports that it leads to."""

    form: Form
    default_port: int | None
    transports: tuple[TransportName, ...]
    takes_transport: bool = False


_PLAIN = Scheme("web", 80, ("tcp",))
_SECURE = Scheme("web", 443, ("tls",))

SCHEMES: dict[str, Scheme] = {
    "stun": Scheme("ice", 3478, ("udp", "tcp")),  # RFC 7064 section 3.2, RFC 8489 section 8
    "stuns": Scheme("ice", 5349, ("tls", "dtls")),
    "turn": Scheme("ice", 3478, ("udp", "tcp"), takes_transport=True),  # RFC 7065 section 3.2
    "turns": Scheme("ice", 5349, ("tls", "dtls"), takes_transport=True),  # over UDP: RFC 7350 section 4.6.1
    "http": _PLAIN,
    "https": _SECURE,
    "ws": _PLAIN,
    "wss": _SECURE,
    "iceconfig+http": _PLAIN,
    "iceconfig+https": _SECURE,
    "apprtc+http": _PLAIN,
    "apprtc+https": _SECURE,
    "collider+ws": _PLAIN,
    "collider+wss": _SECURE,
    "janus+http": _PLAIN,
    "janus+https": _SECURE,
    "janus+ws": _PLAIN,
    "janus+wss": _SECURE,
    "srs+http": _PLAIN,
    "srs+https": _SECURE,
    "tls": Scheme("port", None, ("tls",)),
    "tcp": Scheme("port", None, ("tcp",)),
    "udp": Scheme("port", None, ("udp",)),
    "iceservers": Scheme("list", None, ()),  # ICE servers that a deployment file lists; they are targets themselves
}


def default_port(scheme: str) -> int | None:
    """The port where the URI names none: 3478 or 5349 (RFC 7065 section 3.2), 80 or 443; None for the others."""
    if scheme not in SCHEMES:
        raise TargetError(f"unknown scheme {scheme!r}")
    return SCHEMES[scheme].default_port
