"""Does a call connect, by which candidates, and how good is the path?

Made for real (RFC 8445), with data both ways. `natprobe gather --connect` makes it between two agents of this host
through one TURN server, first with relays alone and then with everything allowed: "works with all, fails with relay" is
the fault that users meet last. `natprobe connect` makes it with another machine, and has it judged here. No plan of
checks picks this probe.
"""

import msgspec

from natprobe.address import Address
from natprobe.client.browsers import BrowserEnd, BrowserPair
from natprobe.client.call import Call, Flow, Pair, Policy, Quality
from natprobe.client.rig import Relays
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe

_OFTEN = 4
"""Checks of a pair of a browser's without an answer, from which on it counts as one that does not work."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The calls that were made."""

    server: Address | None = None
    """The TURN server, where both ends were of this host."""
    relay: Call | None = None
    """With relays alone."""
    all: Call | None = None
    """With every candidate."""
    browsers: tuple[BrowserEnd, ...] = ()
    """What browsers told of their ends: of one that this host called, or of two that called each other."""
    policy: Policy | None = None
    """Of a call between two browsers."""


async def observe(ctx: Context) -> Evidence:
    """Both calls within this host, one after the other."""
    from natprobe.client.calling import call_within  # noqa: PLC0415  aioice is loaded where a call is made

    relays = ctx.bench.get(Relays)
    clients = (relays.first, *((relays.second,) if relays.second else ()))
    relay = await call_within(ctx.hold, clients, "relay", ctx.cell.transport)
    every = await call_within(ctx.hold, clients, "all", ctx.cell.transport)
    return Evidence(server=ctx.cell.address, relay=relay, all=every)


def judge(evidence: Evidence) -> Judgement:
    """Two calls are weighed against each other; one stands for itself."""
    if evidence.relay is not None and evidence.all is not None:
        return _both(evidence, evidence.relay, evidence.all)
    made = evidence.relay or evidence.all
    if made is None:
        return _between(evidence, evidence.browsers)
    told = _connected(made, made.selected) if made.selected else _unconnected(made)
    return _seen_by(told, evidence.browsers[0]) if evidence.browsers else told


def _seen_by(told: Judgement, end: BrowserEnd) -> Judgement:
    """The other end was a browser: its own ICE is the proof, and DTLS was not part of it."""
    state = f"; the browser says {end.ice}{_browser_pair(end)}; DTLS was not attempted"
    agrees = end.connected or told.status in {Status.FAIL, Status.INCONCLUSIVE}
    status = told.status if agrees else Status.FAIL
    raised = told.raised if agrees else (*told.raised, *_browser_causes(end, told.raised))
    return Judgement(status=status, summary=told.summary + state, raised=raised)


def _between(evidence: Evidence, ends: tuple[BrowserEnd, ...]) -> Judgement:
    """Two browsers: both must have connected, and their data channel must have opened."""
    if not ends:
        return Judgement(status=Status.INCONCLUSIVE, summary="no call was made")
    first = ends[0]
    silent = [end for end in ends if not end.browser]
    if silent:
        return Judgement(status=Status.INCONCLUSIVE, summary=f"{len(silent)} of {len(ends)} browsers told no result")
    if not all(end.connected for end in ends):
        states = " and ".join(end.ice for end in ends)
        raised = _browser_causes(first, (), evidence.policy, ends[1])
        return Judgement(status=Status.FAIL, summary=f"the browsers are not connected: {states}", raised=raised)
    way = "through a relay" if first.selected and first.selected.relayed else "directly"
    summary = f"the browsers are connected {way} in {first.connect_ms or 0:.0f} ms{_browser_pair(first)}"
    if not all(end.channel for end in ends):
        facts = {"address": _at(first.selected), "detail": "the data channel did not open"}
        raised = (Raised(id="ice-dtls-fails-after-ice", facts=facts),)
        return Judgement(status=Status.FAIL, summary=f"{summary}, but no data channel opened", raised=raised)
    return _measured(summary, evidence.policy, ends)


def _measured(summary: str, policy: Policy | None, ends: tuple[BrowserEnd, ...]) -> Judgement:
    first = ends[0]
    quality = _quality_text(first.quality) if first.quality else ""
    lost = sum((flow.lost or 0) for flow in (first.quality.outward, first.quality.inward)) if first.quality else 0
    raised: tuple[Raised, ...] = ()
    if policy == "all" and first.selected and first.selected.relayed and _is_refuted(first):
        sent = sum(pair.sent for pair in first.refuted)
        detail = f"{len(first.refuted)} direct pairs stayed unanswered in {sent} checks, and a relay connected"
        raised = (Raised(id="ice-needs-relay", facts={"detail": detail}),)
    status = Status.WARN if lost or raised else Status.PASS
    return Judgement(status=status, summary=f"{summary}; data channel open{quality}", raised=raised)


def _is_refuted(end: BrowserEnd) -> bool:
    """Whether every direct pair was asked often enough, and none has ever answered."""
    direct = [pair for pair in end.pairs if not pair.relayed]
    return bool(direct) and all(pair.sent >= _OFTEN and not pair.answered for pair in direct)


def _browser_causes(
    end: BrowserEnd, known: tuple[Raised, ...], policy: Policy | None = None, other: BrowserEnd | None = None
) -> tuple[Raised, ...]:
    if known:
        return ()
    if policy == "relay" and not (end.candidates and (other is None or other.candidates)):
        detail = "a browser got no address of a TURN server"
        return (Raised(id="ice-relay-only-no-turn", facts={"detail": detail}),)
    sent = sum(pair.sent for pair in end.pairs)
    timeout = Raised(id="ice-check-timeout", facts={"sends": str(sent), "waited": "the browser's own time"})
    relays = "relay" in {*end.candidates, *(other.candidates if other else ())}
    if relays or not end.pairs:
        return (timeout,)
    detail = f"none of {len(end.pairs)} direct pairs was answered in {sent} checks, and neither side has a relay"
    return (timeout, Raised(id="ice-needs-relay", facts={"detail": detail}))


def _browser_pair(end: BrowserEnd) -> str:
    pair = end.selected
    if pair is None:
        return ""
    over = f" over {pair.local.relay_protocol}" if pair.local.relay_protocol else ""
    rtt = "" if pair.rtt_ms is None else f", RTT {pair.rtt_ms:.1f} ms"
    checks = f", {pair.sent} checks sent, {pair.answered} answered"
    return f" by {pair.local.type}{over} to {pair.remote.type} {_at(pair)}{checks}{rtt}"


def _at(pair: BrowserPair | None) -> str:
    return f"{pair.remote.host or '(hidden)'}:{pair.remote.port or 0}" if pair else "the other browser"


def _both(evidence: Evidence, relay: Call, every: Call) -> Judgement:
    """The relay-only call decides; the other one says what hides its fault."""
    summary = f"relays alone: {_told(relay)}; all candidates: {_told(every)}"
    if relay.trouble is None:
        return Judgement(status=Status.WARN if _lost(relay) else Status.PASS, summary=summary)
    facts = {
        "address": str(evidence.server),
        "detail": f"a call with relays alone does not connect ({relay.trouble})",
    }
    finding = "ice-all-hides-broken-turn" if every.trouble is None else "ice-check-timeout"
    raised = (Raised(id=finding, facts=facts | _asked(relay)),)
    return Judgement(status=Status.FAIL, summary=summary, raised=raised)


def _connected(made: Call, selected: Pair) -> Judgement:
    """It works; what is lost, and a relay that was needed, are warnings."""
    raised: list[Raised] = []
    if made.direct_refuted:
        sent = sum(pair.sent for pair in made.refuted)
        detail = f"{len(made.refuted)} direct pairs stayed unanswered in {sent} checks, and a relay connected"
        raised.append(Raised(id="ice-needs-relay", facts={"detail": detail}))
    raised += _remarks(made)
    way = "through a relay" if selected.relayed else "directly"
    summary = f"connected {way}{_pair(made, selected)}{_checks(made)}{_quality(made)}"
    warns = _lost(made) or made.direct_refuted
    return Judgement(status=Status.WARN if warns else Status.PASS, summary=summary, raised=tuple(raised))


def _unconnected(made: Call) -> Judgement:
    """Why not, by what was heard of the other end; silence alone does not say whose it is."""
    own, theirs = made.candidates
    if made.waited_ms is None:
        return Judgement(status=Status.INCONCLUSIVE, summary=f"no call: {made.trouble}")
    raised = (*_causes(made), *_remarks(made))
    kinds = f"{_kinds(own)} here, {_kinds(theirs)} there"
    summary = f"not connected: {made.trouble} within {made.waited_ms / 1000:.0f} s ({kinds}){_checks(made)}"
    return Judgement(status=Status.FAIL, summary=summary, raised=raised)


def _causes(made: Call) -> tuple[Raised, ...]:
    own, theirs = made.candidates
    checks, facts = made.checks, _asked(made)
    if made.policy == "relay" and not own:
        return (Raised(id="ice-relay-only-no-turn", facts={"detail": "no TURN server gave an address"}),)
    if checks.refused or checks.strange:
        at = next((str(pair.remote) for pair in made.pairs if pair.sent), "the other side")
        return (Raised(id="ice-credentials-mismatch", facts={"address": at, "code": "401"}),)
    if not made.pairs:
        return (_pairless(made),)
    timeout = Raised(id="ice-check-timeout", facts=facts)
    if "relay" in own or "relay" in theirs:
        return (timeout,)
    detail = (
        f"none of {len(made.pairs)} direct pairs was answered in {checks.sent} checks, and neither side has a relay"
    )
    return (timeout, Raised(id="ice-needs-relay", facts={"detail": detail}))


def _pairless(made: Call) -> Raised:
    own, theirs = made.candidates
    detail = f"{_kinds(own)} here and {_kinds(theirs)} there make no pair"
    return Raised(id="ice-no-pair", facts={"detail": detail})


def _remarks(made: Call) -> tuple[Raised, ...]:
    """What was noticed beside, whether it connected or not."""
    direct = made.selected is not None and not made.selected.relayed
    named = (Raised(id="ice-mdns-candidates", facts={"name": made.names[0]}),) if made.names and not direct else ()
    if not made.checks.conflicts:
        return named
    at = str(made.selected.remote if made.selected else made.pairs[0].remote if made.pairs else "the other side")
    facts = {"address": at, "sends": str(made.checks.conflicts)}
    return (*named, Raised(id="ice-role-conflict", facts=facts))


def _asked(made: Call) -> dict[str, str]:
    return {"sends": str(made.checks.sent), "waited": f"{(made.waited_ms or 0) / 1000:.1f} s"}


def _told(made: Call) -> str:
    if made.trouble is not None:
        return f"fails ({made.trouble} within {(made.waited_ms or 0) / 1000:.0f} s)"
    pair = f" by {made.selected.local_type} to {made.selected.remote_type}" if made.selected else ""
    return f"connected in {made.connect_ms:.0f} ms{pair}{_trip(made)}, {_lost(made)} of {_sent(made)} parcels lost"


def _pair(made: Call, selected: Pair) -> str:
    over = f" over {selected.relay_protocol}" if selected.relay_protocol else ""
    by = f"{selected.local_type}{over} {selected.local} to {selected.remote_type} {selected.remote}"
    return f" in {made.connect_ms:.0f} ms: {by}"


def _checks(made: Call) -> str:
    return f"; {made.checks.sent} checks sent, {made.checks.answered} answered"


def _quality(made: Call) -> str:
    return _quality_text(made.quality) if made.quality else ""


def _quality_text(quality: Quality) -> str:
    flows = (("out", quality.outward), ("in", quality.inward)) if quality.by != "checks" else ()
    both = "".join(f"; {name} {_flow(flow)}" for name, flow in flows)
    there_and_back = f"; by checks {_flow(quality.outward)}" if quality.by == "checks" else ""
    rtt = "" if quality.rtt_ms is None else f"; RTT {quality.rtt_ms:.1f} ms"
    return f"{rtt}{both}{there_and_back}"


def _flow(flow: Flow) -> str:
    lost = "loss not told" if flow.lost is None else f"{flow.lost} of {flow.sent} lost"
    return lost if flow.jitter_ms is None else f"{lost}, jitter {flow.jitter_ms:.1f} ms"


def _trip(made: Call) -> str:
    rtt = made.quality.rtt_ms if made.quality else None
    return "" if rtt is None else f", RTT {rtt:.1f} ms"


def _lost(made: Call) -> int:
    return sum(flow.lost or 0 for flow in _flows(made))


def _sent(made: Call) -> int:
    return sum(flow.sent or 0 for flow in _flows(made))


def _flows(made: Call) -> tuple[Flow, ...]:
    return (made.quality.outward, made.quality.inward) if made.quality else ()


def _kinds(types: tuple[str, ...]) -> str:
    counts = (f"{types.count(kind)} {kind}" for kind in dict.fromkeys(types))
    return ", ".join(counts) or "no candidates"


PROBE = Probe(
    id="ice.connect",
    title="Call connected",
    schemes=frozenset(),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=18.0,
    needs=(Relays,),
    after=("turn.allocate",),
)
