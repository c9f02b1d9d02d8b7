"""A session description: what an answer says about reaching its media, and a minimal offer (RFC 8866, RFC 8839).

Read is what connectivity checks take: candidates, user name fragment and password, and whether the agent is lite. All
else is passed over. Pure, and bounded, since a server wrote it.
"""

import re

import msgspec

LONGEST_TEXT = 131_072
MOST_MEDIA = 64
MOST_CANDIDATES = 256
_LONGEST_LINE = 4096
_ICE_CHARS = r"[A-Za-z0-9+/]"
_UFRAG = re.compile(f"{_ICE_CHARS}{{4,256}}")  # RFC 8839 section 5.4
_PASSWORD = re.compile(f"{_ICE_CHARS}{{22,256}}")
_MEDIA = re.compile(r"m=([a-z]{1,16}) (\d{1,5})(?:/\d+)? (\S{1,64}) .+")

_CODECS = {
    "audio": ("111", ("a=rtpmap:111 opus/48000/2", "a=fmtp:111 minptime=10;useinbandfec=1")),
    "video": (
        "96 102",
        (
            *("a=rtpmap:96 VP8/90000", "a=rtcp-fb:96 nack", "a=rtcp-fb:96 nack pli"),
            *("a=rtpmap:102 H264/90000", "a=rtcp-fb:102 nack", "a=rtcp-fb:102 nack pli"),
            "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
        ),
    ),
}


class SdpError(ValueError):
    """A text that is no session description; the message says what is wrong with it."""


class IceLogin(msgspec.Struct, frozen=True):
    """What proves that a check belongs to a session (RFC 8839 section 5.4)."""

    ufrag: str
    password: str

    def __repr__(self) -> str:
        return "IceLogin(hidden)"


class Media(msgspec.Struct, frozen=True, kw_only=True):
    """One media section. `port` 0 refuses it (RFC 3264 section 6)."""

    kind: str
    port: int
    mid: str | None = None
    login: IceLogin | None = None
    """Its own, or the session's."""
    candidates: tuple[str, ...] = ()
    """Lines as they came, without `a=`."""


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """A whole description."""

    lite: bool = False
    """RFC 8839 section 5.3."""
    media: tuple[Media, ...] = ()


def parse(text: str) -> Description:
    """What `text` says. Raises SdpError."""
    if len(text) > LONGEST_TEXT:
        raise SdpError(f"it is longer than {LONGEST_TEXT} characters")
    lines = [line.rstrip("\r") for line in text.split("\n")]
    if lines[0] != "v=0":
        raise SdpError("its first line is not v=0")
    if any(len(line) > _LONGEST_LINE for line in lines):
        raise SdpError(f"a line is longer than {_LONGEST_LINE} characters")
    session, *sections = _sections(lines)
    if not sections:
        raise SdpError("it has no media section")
    if len(sections) > MOST_MEDIA:
        raise SdpError(f"it has more than {MOST_MEDIA} media sections")
    common = _login(session)
    media = tuple(_media(section, common) for section in sections)
    if sum(len(each.candidates) for each in media) > MOST_CANDIDATES:
        raise SdpError(f"it has more than {MOST_CANDIDATES} candidates")
    return Description(lite="a=ice-lite" in session, media=media)


def _sections(lines: list[str]) -> list[list[str]]:
    sections: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("m="):
            sections.append([])
        sections[-1].append(line)
    return sections


def _media(lines: list[str], common: IceLogin | None) -> Media:
    head = _MEDIA.fullmatch(lines[0])
    if head is None:
        raise SdpError(f"its media line {lines[0][:60]!r} cannot be read")
    return Media(
        kind=head[1],
        port=int(head[2]),
        mid=_value(lines, "mid"),
        login=_login(lines) or common,
        candidates=tuple(line.removeprefix("a=") for line in lines if line.startswith("a=candidate:")),
    )


def _login(lines: list[str]) -> IceLogin | None:
    ufrag, password = _value(lines, "ice-ufrag"), _value(lines, "ice-pwd")
    if ufrag is None or password is None:
        return None
    if not _UFRAG.fullmatch(ufrag) or not _PASSWORD.fullmatch(password):
        raise SdpError("its ice-ufrag or ice-pwd is none of RFC 8839")
    return IceLogin(ufrag, password)


def _value(lines: list[str], name: str) -> str | None:
    head = f"a={name}:"
    return next((line.removeprefix(head).strip() for line in lines if line.startswith(head)), None)


def with_candidates(description: Description, lines: tuple[str, ...]) -> Description:
    """`description` with candidates that came after it (RFC 8838), put to its first section: all share one bundle."""
    if not lines or not description.media:
        return description
    first, *others = description.media
    first = msgspec.structs.replace(first, candidates=(*first.candidates, *lines[:MOST_CANDIDATES]))
    return msgspec.structs.replace(description, media=(first, *others))


def offer(login: IceLogin, fingerprint: bytes, direction: str) -> str:
    """An offer of one audio and one video stream in one bundle, such as a browser's, without candidates of its own.

    `fingerprint` is the SHA-256 of a certificate; `direction` is sendrecv, sendonly or recvonly.
    """
    session = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=group:BUNDLE 0 1", "a=msid-semantic: WMS natprobe"]
    sections = (_section(mid, kind, login, fingerprint, direction) for mid, kind in enumerate(_CODECS))
    return "\r\n".join((*session, *(line for section in sections for line in section), ""))


def _section(mid: int, kind: str, login: IceLogin, fingerprint: bytes, direction: str) -> list[str]:
    payloads, codecs = _CODECS[kind]
    sends = direction in {"sendrecv", "sendonly"}
    return [
        f"m={kind} 9 UDP/TLS/RTP/SAVPF {payloads}",
        *("c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0"),
        f"a=ice-ufrag:{login.ufrag}",
        f"a=ice-pwd:{login.password}",
        "a=ice-options:trickle",
        f"a=fingerprint:sha-256 {fingerprint.hex(':').upper()}",
        *("a=setup:actpass", f"a=mid:{mid}", f"a={direction}", "a=rtcp-mux", "a=rtcp-rsize"),
        *codecs,
        *((f"a=msid:natprobe {kind}", f"a=ssrc:{1000 + mid} cname:natprobe") if sends else ()),
    ]
