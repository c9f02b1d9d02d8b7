"""Do two relays of this server reach each other: the path of a call in which both ends relay?

It proves nothing about external-ip, since the server maps its own public address by itself; `turn.relay-in` and
`turn.relay-out` are for that. What it does prove is the call with `iceTransportPolicy: "relay"` on both sides.
"""

import asyncio

import msgspec

from natprobe.address import Address
from natprobe.client.flight import Flight, fly
from natprobe.client.rig import Paths, Relays
from natprobe.client.turn import TurnClient
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe
from natprobe.wire.registry import ERROR_NAMES
from natprobe.wire.transactions import Exchange


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The second allocation, the permissions for each other, and what passed between the two relays."""

    server: Address
    first: Address
    second: Address | None = None
    allocation: tuple[Exchange, ...] = ()
    """How the second allocation was asked for."""
    user: str = ""
    permissions: tuple[Exchange, ...] = ()
    there: Flight | None = None
    back: Flight | None = None


async def observe(ctx: Context) -> Evidence:
    """Permits each relay on the other, then sends both ways at once; tells `Paths` when that is over."""
    looped = False
    try:
        evidence = await _both_ways(ctx, ctx.bench.get(Relays))
        looped = all(flight is not None and flight.arrived for flight in (evidence.there, evidence.back))
        return evidence
    finally:
        ctx.bench.get(Paths).looped.set_result(looped)


async def _both_ways(ctx: Context, relays: Relays) -> Evidence:
    one, two = relays.first, relays.second
    first, second = one.session.relayed or ctx.cell.address, two.session.relayed if two else None
    allocation = relays.second_dialogue.exchanges if relays.second_dialogue else ()
    if two is None or second is None:
        return Evidence(server=one.server, first=first, allocation=allocation, user=ctx.settings.user)
    permitted = await asyncio.gather(one.permit(second), two.permit(first))
    permissions = tuple(dialogue.last for dialogue in permitted)
    if not all(dialogue.succeeded for dialogue in permitted):
        return Evidence(
            server=one.server,
            first=first,
            second=second,
            allocation=allocation,
            user=ctx.settings.user,
            permissions=permissions,
        )
    there, back = await asyncio.gather(_across(ctx, one, two, second), _across(ctx, two, one, first))
    return Evidence(
        server=one.server,
        first=first,
        second=second,
        allocation=allocation,
        permissions=permissions,
        there=there,
        back=back,
    )


async def _across(ctx: Context, sender: TurnClient, receiver: TurnClient, towards: Address) -> Flight:
    return await fly(
        f"relay {sender.session.relayed} to relay {towards}",
        lambda data: sender.send(towards, data),
        receiver.stun.mailbox,
        ctx.clock,
    )


def judge(evidence: Evidence) -> Judgement:
    """A refused permission and silent loss are two different faults of the same configuration line."""
    if evidence.second is None:
        return _no_second(evidence)
    refused = next((exchange for exchange in evidence.permissions if exchange.outcome != "success"), None)
    if refused is not None:
        return _not_permitted(evidence, refused)
    if evidence.there is None or evidence.back is None:
        return Judgement(status=Status.INCONCLUSIVE, summary="not tested: no data was sent between the relays")
    lost = [flight for flight in (evidence.there, evidence.back) if not flight.arrived]
    if not lost:
        return _passed(evidence, evidence.there, evidence.back)
    packets = f"{len(lost[0].sends_ms)} packets, {(lost[0].waited_ms or 0) / 1000:.1f} s"
    if len(lost) == 1:
        summary = f"{lost[0].path} is dead ({packets}), the way back works"
        return _judged(evidence, Status.FAIL, summary, "turn-one-way", flight=lost[0])
    summary = f"permitted, but nothing passes between two relays of this server ({packets} each way)"
    return _judged(evidence, Status.FAIL, summary, "turn-r2r-mapped-to-wrong-local-ip", flight=lost[0])


def _passed(evidence: Evidence, there: Flight, back: Flight) -> Judgement:
    if (there.source, back.source) != (evidence.first, evidence.second):
        summary = f"data passes both ways, but from {there.source} and {back.source} instead of the relayed addresses"
        return _judged(evidence, Status.WARN, summary, "turn-egress-port-rewritten", flight=there)
    return Judgement(
        status=Status.PASS, summary=f"{evidence.first} and {evidence.second} reach each other, sources proved"
    )


def _no_second(evidence: Evidence) -> Judgement:
    last = evidence.allocation[-1] if evidence.allocation else None
    if last is None or last.code is None:
        said = last.outcome if last else "no second line"
        return Judgement(status=Status.INCONCLUSIVE, summary=f"not tested: there is no second allocation ({said})")
    phrase = ERROR_NAMES.get(last.code, "unknown code")
    summary = f"a second allocation for the same user is refused: {last.code} ({phrase})"
    finding = {486: "turn-quota-reached", 508: "turn-ports-exhausted"}.get(last.code, "turn-allocate-refused")
    return _judged(evidence, Status.FAIL, summary, finding, asked=last)


def _not_permitted(evidence: Evidence, refused: Exchange) -> Judgement:
    if refused.code is None:
        return Judgement(status=Status.FAIL, summary=f"CreatePermission is not answered ({refused.outcome})")
    phrase = ERROR_NAMES.get(refused.code, "unknown code")
    said = "forbids" if refused.code == 403 else "does not permit"
    summary = f"the server {said} its own relayed address as a peer: {refused.code} ({phrase})"
    return _judged(evidence, Status.FAIL, summary, _CODES.get(refused.code, "turn-permission-refused"), asked=refused)


def _judged(
    evidence: Evidence,
    status: Status,
    summary: str,
    finding: str,
    *,
    flight: Flight | None = None,
    asked: Exchange | None = None,
) -> Judgement:
    facts = {
        "address": str(evidence.server),
        "relayed": str(evidence.first),
        "relayed_host": evidence.first.host,
        "relayed_port": str(evidence.first.port),
        "peer": str(evidence.second or ""),
        "detail": summary,
        "user": evidence.user,
    }
    if asked is not None:
        facts |= asked.facts()
    if flight is not None:
        facts |= flight.facts()
    return Judgement(status=status, summary=summary, raised=(Raised(id=finding, facts=facts),))


_CODES = {
    403: "turn-r2r-forbidden",
    438: "turn-nonce-wrong-loop",
    441: "turn-auth-441-wrong-credentials",
    443: "turn-peer-family-443",
}

PROBE = Probe(
    id="turn.relay-loop",
    title="Relay to relay",
    rung=8,
    schemes=frozenset({"turn", "turns"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=12.0,
    needs=(Relays, Paths),
)
