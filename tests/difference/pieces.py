"""Reports in a line, for the tests of what is different between them."""

from typing import Any

import msgspec

from natprobe.address import Address
from natprobe.fold import EMPTY, verdict_of
from natprobe.model import Check, Finding, Report, Status

TURN = "turn:turn.example.org"
FOUR = Address("203.0.113.10", 3478)
MOVED = Address("203.0.113.11", 3478)
SIX = Address("2001:db8::10", 3478)


def check(id: str = "turn.reach", status: str = "pass", **more: Any) -> Check:  # noqa: A002
    place = {"target": f"{TURN}?transport=udp", "asked": TURN, "address": FOUR, "transport": "udp"}
    fields = {"summary": f"{status}!", "started_ms": 0.0, "duration_ms": 1.0} | place | more
    return Check(id=id, status=Status(status), **fields)  # type: ignore[arg-type]


def asked(*rtts_ms: float, at_ms: float = 0.0) -> dict[str, Any]:
    """Evidence of requests with these round trips."""
    return {
        "exchanges": [
            {"request": "Binding", "sends_ms": [at_ms + n], "answered_ms": at_ms + n + rtt, "rtt_ms": rtt}
            for n, rtt in enumerate(rtts_ms)
        ]
    }


def finding(id: str, severity: str = "error", **more: Any) -> Finding:  # noqa: A002
    sentences = {"title": f"title of {id}", "cause": "cause", "fix": "fix", "evidence": "seen"}
    return msgspec.convert({"id": id, "severity": severity, "target": TURN, **sentences, **more}, Finding)


def report(*checks: Check, **more: Any) -> Report:
    whole = msgspec.structs.replace(
        EMPTY, **{"checks": checks, "natprobe": "0.1.0", "started": "2026-11-21T09:00:00.000Z"} | more
    )
    return msgspec.structs.replace(whole, verdict=verdict_of(whole))


def served(not_after: str, sha256: str = "aa", **more: Any) -> dict[str, Any]:
    """Evidence of a handshake with one certificate."""
    leaf = {"subject": "CN=turn.example.org", "not_after": not_after, "sha256": sha256}
    return {"handshake": {"server_name": "turn.example.org", "chain": [leaf, *more.get("above", [])]}}
