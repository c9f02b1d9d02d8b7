"""One target as a frozen value, and its canonical text."""

from typing import Literal

import msgspec

from natprobe.address import is_literal
from natprobe.target.errors import TargetError
from natprobe.target.schemes import SCHEMES, Form, TransportName

UriTransport = Literal["udp", "tcp"]

_URI_WORD: dict[TransportName, UriTransport] = {"udp": "udp", "dtls": "udp", "tcp": "tcp", "tls": "tcp"}


class Target(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one URI asks to check. `parse` makes it; `str()` is the URI again, in canonical form."""

    scheme: str
    host: str
    """A lower-case name in A-labels, or a canonical IP literal without brackets; of `iceservers:` the list's name."""
    port: int | None = None
    """As written; None where the URI has no port, or several (`ports`)."""
    ports: tuple[tuple[int, int], ...] = ()
    """For `tcp:` and `udp:` alone: inclusive ranges, ascending and disjoint. One port is a range of one."""
    transport: UriTransport | None = None
    """The value of `?transport=` as written (RFC 7065 section 3.1)."""
    path: str = ""
    query: str | None = None

    @property
    def text(self) -> str:
        """The canonical URI."""
        return str(self)

    @property
    def form(self) -> Form:
        """Which of the ways of writing the scheme has."""
        return SCHEMES[self.scheme].form

    @property
    def is_literal(self) -> bool:
        """Whether the host is an IP literal, which needs no resolver."""
        return is_literal(self.host)

    @property
    def effective_port(self) -> int | None:
        """The port as written, else the scheme's default; None for a range of ports."""
        return self.port if self.port is not None else SCHEMES[self.scheme].default_port

    @property
    def first_port(self) -> int | None:
        """`effective_port`, or the lowest of several; None where none is written and the scheme has no default."""
        return self.ports[0][0] if self.ports else self.effective_port

    @property
    def secure(self) -> bool:
        """Whether the scheme promises TLS or DTLS."""
        return "tls" in SCHEMES[self.scheme].transports

    @property
    def authority(self) -> str:
        """`host[:port]`, with brackets around an IPv6 literal: what a Host header says."""
        return self._bracketed + ("" if self.port is None else f":{self.port}")

    @property
    def request_path(self) -> str:
        """Path and query as an HTTP request line needs them, `/` where the URI has none (RFC 9112 section 3.2.1)."""
        return (self.path or "/") + ("" if self.query is None else f"?{self.query}")

    @property
    def web_url(self) -> str:
        """The plain web URL: `janus+https://host/janus` is `https://host/janus`. Raises TargetError for other forms."""
        if self.form != "web":
            raise TargetError(f"{self} is not a web address")
        return f"{self.scheme.rpartition('+')[2]}{str(self)[len(self.scheme) :]}"

    def with_transport(self, name: TransportName) -> "Target":
        """This target narrowed to one transport: `turns` with tls or tcp becomes `?transport=tcp`.

        A URI that cannot say its transport (stun, RFC 7064, and all that are not turn) comes back as it is.
        """
        if not SCHEMES[self.scheme].takes_transport:
            return self
        return msgspec.structs.replace(self, transport=_URI_WORD[name])

    def __str__(self) -> str:
        if self.form == "web":
            query = "" if self.query is None else f"?{self.query}"
            return f"{self.scheme}://{self.authority}{self.path}{query}"
        if self.ports:
            return f"{self.scheme}:{self._bracketed}:{','.join(map(_range_text, self.ports))}"
        return f"{self.scheme}:{self.authority}" + (f"?transport={self.transport}" if self.transport else "")

    @property
    def _bracketed(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


def transports(target: Target) -> tuple[TransportName, ...]:
    """The transports that the URI leads to, in the order in which they are worth trying.

    `?transport=` narrows them (RFC 7065 section 3.1): `turn` with udp is udp, `turns` with udp is DTLS (RFC 7350).
    """
    offered = SCHEMES[target.scheme].transports
    if target.transport is None:
        return offered
    return tuple(name for name in offered if _URI_WORD[name] == target.transport)


def _range_text(ports: tuple[int, int]) -> str:
    low, high = ports
    return str(low) if low == high else f"{low}-{high}"
