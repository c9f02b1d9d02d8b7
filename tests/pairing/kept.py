"""Kept reports of hosts behind NATs, as `natprobe nat` and `natprobe check` write them."""

from typing import Any

from natprobe.address import Address
from natprobe.model import Candidate, Check, Nat, NatBehaviour, Report, Status, Vantage, Verdict

SERVER = Address("203.0.113.10", 3478)


def behaviour(mapping: str, filtering: str, *, n: int = 1, **more: Any) -> NatBehaviour:
    """The behaviour of host number `n`, which has addresses of its own."""
    local = Address(f"10.{n}.0.2", 40000)
    mapped = local if mapping == "none" else Address(f"198.51.100.{n}", 40000)
    fields: dict[str, Any] = {"type": "unknown", "local": local, "mapped": mapped} | more
    return NatBehaviour(mapping=mapping, filtering=filtering, **fields)


BLOCKED = NatBehaviour(type="udp-blocked", mapping="unknown", filtering="unknown")


def kept(
    ipv4: NatBehaviour | None = None,
    *,
    ipv6: NatBehaviour | None = None,
    checks: tuple[Check, ...] = (),
    candidates: tuple[Candidate, ...] = (),
    hostname: str = "host",
) -> Report:
    """A report with this NAT block, where there is one."""
    return Report(
        natprobe="0.1.0",
        command="nat",
        started="2026-11-21T09:00:00.000Z",
        duration_ms=1.0,
        verdict=Verdict.PASS,
        vantage=Vantage(hostname=hostname, platform="Linux"),
        checks=checks,
        nat=Nat(ipv4=ipv4, ipv6=ipv6) if ipv4 or ipv6 else None,
        candidates=candidates,
    )


def check(name: str, status: Status, transport: str = "udp") -> Check:
    """One TURN check of the same cell."""
    return Check(
        id=name,
        target="turn:turn.example.org?transport=udp",
        address=SERVER,
        transport=transport,
        status=status,
        summary="as it was",
        started_ms=0.0,
        duration_ms=1.0,
    )


WORKING_RELAY = (
    check("turn.reach", Status.PASS),
    check("turn.allocate", Status.PASS),
    check("turn.relay-in", Status.PASS),
    check("turn.relay-out", Status.PASS),
)
CLOSED_RELAY = (
    check("turn.allocate", Status.PASS),
    check("turn.relay-in", Status.FAIL),
    check("turn.relay-out", Status.PASS),
)
BROKEN_TURN = (check("turn.reach", Status.PASS), check("turn.allocate", Status.FAIL))
