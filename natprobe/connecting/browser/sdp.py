"""A browser's offer of one data channel, as far as ICE goes (RFC 8839), and the answer to it (RFC 8841)."""

import re
import secrets
from collections.abc import Iterable

import msgspec

from natprobe.client.description import DescriptionError, Offered, from_candidate_line
from natprobe.credential import Secret
from natprobe.model import Candidate

_MOST_CANDIDATES = 64
_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PASSWORD = re.compile(r"[A-Za-z0-9+/]{22,256}")
_MID = re.compile(r"[A-Za-z0-9_.+-]{1,32}")
_NO_OFFER = "the page's offer holds no ice-ufrag and ice-pwd, or no data channel"


class Ice(msgspec.Struct, frozen=True, kw_only=True):
    """The ICE half of a description."""

    ufrag: str
    password: Secret
    mid: str
    lite: bool
    candidates: tuple[Offered, ...]


def read_offer(sdp: str) -> Ice:
    """What `sdp` says about ICE. Raises DescriptionError."""
    lines = [line.strip() for line in sdp.split("\n")]
    ufrag, password, mid = (_attribute(lines, name) for name in ("ice-ufrag", "ice-pwd", "mid"))
    fits = _UFRAG.fullmatch(ufrag) and _PASSWORD.fullmatch(password) and _MID.fullmatch(mid)
    if not fits or not any(line.startswith("m=application ") for line in lines):
        raise DescriptionError(_NO_OFFER)
    told = (line[2:] for line in lines if line.startswith("a=candidate:"))
    return Ice(
        ufrag=ufrag,
        password=Secret(password),
        mid=mid,
        lite="a=ice-lite" in lines,
        candidates=tuple(candidates(list(told)[:_MOST_CANDIDATES])),
    )


def candidates(lines: Iterable[str]) -> Iterable[Offered]:
    """Those that can be checked here. Raises DescriptionError."""
    read = (from_candidate_line(line) for line in lines)
    return (each for each in read if each is not None)


def answer(ice: Ice, ufrag: str, password: Secret, own: Iterable[Candidate]) -> str:
    """An answer that connects by ICE and goes no further.

    It takes DTLS's active role and then never speaks, so the browser waits for a ClientHello: its ICE is all that is
    looked at. The fingerprint is of no certificate.
    """
    fingerprint = ":".join(f"{byte:02X}" for byte in secrets.token_bytes(32))
    lines = [
        "v=0",
        "o=natprobe 1 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {ice.mid}",
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{ice.mid}",
        f"a=ice-ufrag:{ufrag}",
        f"a=ice-pwd:{password.reveal()}",
        f"a=fingerprint:sha-256 {fingerprint}",
        "a=setup:active",
        "a=sctp-port:5000",
        *(f"a={candidate.candidate}" for candidate in own),
        "a=end-of-candidates",
    ]
    return "\r\n".join(lines) + "\r\n"


def _attribute(lines: list[str], name: str) -> str:
    start = f"a={name}:"
    return next((line.removeprefix(start) for line in lines if line.startswith(start)), "")
