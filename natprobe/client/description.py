"""One end of a call as signalling carries it (RFC 8839), and as one line of text that a person can paste.

The line is `natprobe-offer-1.PAYLOAD.CHECKSUM`, or `natprobe-answer-1.…`: base64url of MessagePack, and a CRC-32 that
tells a line that was cut short. It comes from strangers: it is bounded, typed, and nothing of it is shown before it was
read whole. It holds the ICE password, since the other end needs it; no report, recording or trace does.
"""

import binascii
import ipaddress
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Literal

import msgspec

from natprobe import __version__
from natprobe.address import kind_of
from natprobe.client.call import Policy
from natprobe.credential import Secret
from natprobe.ice import LineError, parse_line
from natprobe.ice.priority import RelayProtocol
from natprobe.model import Candidate

Kind = Literal["offer", "answer"]
CandidateType = Literal["host", "srflx", "relay"]

LONGEST_LINE = 3500
"""Characters. A terminal takes no more than 4095 in one line."""
MOST_CANDIDATES = 32
_SESSION_BYTES = 8
_LINE = re.compile(r"natprobe-(offer|answer)-([0-9]{1,3})\.([A-Za-z0-9_-]+)\.([0-9a-f]{8})")
_VERSION = "1"
_UFRAG, _PASSWORD = r"[A-Za-z0-9+/]{4,256}", r"[A-Za-z0-9+/]{22,256}"  # RFC 8839 section 5.4's grammar
_MDNS = re.compile(r"[0-9a-z-]{1,64}\.local")
_LONGEST_HOST = 64
_TYPES: tuple[CandidateType, ...] = ("host", "srflx", "relay")
_NOBODY = frozenset({"loopback", "multicast", "unspecified"})


class DescriptionError(ValueError):
    """A text that describes no end of a call. The message is one line, and shows nothing of a password."""


class Offered(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One candidate as the other end tells it; `host` is a literal, or a browser's .local name."""

    type: CandidateType
    host: Annotated[str, msgspec.Meta(max_length=_LONGEST_HOST)]
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)]
    priority: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
    foundation: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9+/]{1,32}$")]
    relay_protocol: RelayProtocol | None = None

    @property
    def is_name(self) -> bool:
        """Whether its address is hidden behind an mDNS name."""
        return self.host.endswith(".local")


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """One end of a call."""

    session: bytes
    """Which offer this is, or answers."""
    ufrag: str
    password: Secret
    candidates: tuple[Offered, ...]
    policy: Policy = "all"
    natprobe: str = __version__
    """The version that wrote it."""

    def line(self, kind: Kind) -> str:
        """The text to paste."""
        parts = (self.session, self.ufrag, self.password.reveal(), self.policy, self.natprobe, self.candidates)
        payload = msgspec.msgpack.encode(_Payload(*parts))
        text = urlsafe_b64encode(payload).decode().rstrip("=")
        return f"natprobe-{kind}-{_VERSION}.{text}.{_checksum(kind, payload)}"


class _Payload(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    session: Annotated[bytes, msgspec.Meta(min_length=_SESSION_BYTES, max_length=_SESSION_BYTES)]
    ufrag: Annotated[str, msgspec.Meta(pattern=f"^{_UFRAG}$")]
    password: Annotated[str, msgspec.Meta(pattern=f"^{_PASSWORD}$")]
    policy: Policy
    natprobe: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z.+-]{1,32}$")]
    candidates: Annotated[tuple[Offered, ...], msgspec.Meta(max_length=MOST_CANDIDATES)]


def new_session() -> bytes:
    """A name for a new offer, which its answer repeats."""
    return secrets.token_bytes(_SESSION_BYTES)


def looks_like_line(text: str) -> bool:
    """Whether `text` means to be such a line, right or wrong."""
    return text.strip().startswith(("natprobe-offer-", "natprobe-answer-"))


def read_line(text: str, kind: Kind) -> Description:
    """The description in `text`. Raises DescriptionError."""
    stripped = text.strip().strip("'\"")
    if len(stripped) > LONGEST_LINE:
        raise DescriptionError(f"the {kind} is longer than {LONGEST_LINE} characters: it is no line of natprobe's")
    match = _LINE.fullmatch(stripped)
    if match is None:
        raise DescriptionError(_unlike(stripped, kind))
    if match[1] != kind:
        raise DescriptionError(f"this is an {match[1]}, where the {kind} of the other side is needed")
    if match[2] != _VERSION:
        raise DescriptionError(f"this {kind} is of version {match[2]}, and this natprobe reads version {_VERSION}")
    return _described(_payload(match[3], match[4], kind), kind)


def _unlike(text: str, kind: Kind) -> str:
    if looks_like_line(text):
        return f"the {kind} is cut short, or holds something else: paste the whole line, from natprobe- to its end"
    return f"this is no {kind}: it begins with natprobe-{kind}-{_VERSION}"


def _payload(text: str, checksum: str, kind: Kind) -> bytes:
    try:
        payload = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise DescriptionError(f"the {kind} is cut short or mistyped: paste the whole line") from None
    whole = urlsafe_b64encode(payload).decode().rstrip("=") == text  # the last letter may hold bits that nothing reads
    if not whole or _checksum(kind, payload) != checksum:
        raise DescriptionError(f"the {kind} is cut short or mistyped: its checksum does not fit; paste the whole line")
    return payload


def _checksum(kind: str, payload: bytes) -> str:
    return f"{binascii.crc32(kind.encode() + payload):08x}"


def _described(payload: bytes, kind: Kind) -> Description:
    try:
        read = msgspec.msgpack.decode(payload, type=_Payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise DescriptionError(f"the {kind} is whole, but holds no description that this natprobe reads") from None
    return Description(
        session=read.session,
        ufrag=read.ufrag,
        password=Secret(read.password),
        candidates=tuple(map(checked, read.candidates)),
        policy=read.policy,
        natprobe=read.natprobe,
    )


def checked(offered: Offered) -> Offered:
    """`offered` with its literal in canonical form. Raises DescriptionError where nobody can be reached there."""
    if _MDNS.fullmatch(offered.host.lower()):
        return msgspec.structs.replace(offered, host=offered.host.lower())
    try:
        host = str(ipaddress.ip_address(offered.host))
    except ValueError:
        raise DescriptionError("a candidate holds neither an address nor a .local name") from None
    if kind_of(host) in _NOBODY:
        raise DescriptionError(f"a candidate has the address {host}, which is {kind_of(host)}: nobody is reached there")
    return msgspec.structs.replace(offered, host=host)


def offered(candidate: Candidate) -> Offered:
    """A candidate of this host, as the other end is told it. Only those over UDP can be checked by us."""
    kind = "srflx" if candidate.type == "prflx" else candidate.type
    at, foundation = candidate.address, parse_line(candidate.candidate).foundation
    return Offered(kind, at.host, at.port, candidate.priority, foundation, candidate.relay_protocol)


def from_candidate_line(text: str) -> Offered | None:
    """A browser's candidate; None for one over TCP, which cannot be checked here. Raises DescriptionError."""
    try:
        parsed = parse_line(text)
    except LineError as error:
        raise DescriptionError(str(error)) from None
    kind = next((each for each in _TYPES if each == parsed.type), None)
    if parsed.protocol != "udp" or kind is None or parsed.component != 1:
        return None
    if parsed.port < 1 or parsed.priority < 1 or len(parsed.host) > _LONGEST_HOST:
        raise DescriptionError("a candidate's port, priority or host is out of bounds")
    return checked(Offered(kind, parsed.host, parsed.port, parsed.priority, parsed.foundation))
