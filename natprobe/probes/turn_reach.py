"""Does anything that speaks STUN answer at this address, over this transport?

The first flight carries everything that needs no credentials, so that it costs one round trip: an Allocate on each of
two lines, a Binding, and the peers' own Bindings. Where nothing answers, controls over the plain transports tell a
closed port from a host that is down.
"""

import asyncio

import msgspec

from natprobe.address import Address
from natprobe.client.control import Control, beneath_tls, controls, told_beside, within_tls
from natprobe.client.line import OPEN_TIMEOUT_S, Way
from natprobe.client.opening import open_lines, open_peers
from natprobe.client.rig import Accepting, Greetings, Lines, Peers, RelayAlone, Trusted
from natprobe.client.stun import Reply
from natprobe.client.tls_trials import VersionTrial, is_too_old, listed, may_be_older, taken, try_older
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.net.handshake import Handshake
from natprobe.net.trouble import Reason, Trouble
from natprobe.probe import Context, Judgement, Probe
from natprobe.wire.registry import Method
from natprobe.wire.transactions import Exchange


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of opening a line and of the first flight."""

    server: Address
    transport: str
    local: Address | None = None
    opened_ms: float | None = None
    """How long TCP and TLS took to open the line."""
    trouble: Trouble | None = None
    """Why no line could be opened."""
    exchanges: tuple[Exchange, ...] = ()
    malformed: tuple[str, ...] = ()
    """What was wrong with answers that could not be read."""
    controls: tuple[Control, ...] = ()
    """What the port says over other transports, and other ports of its host; asked only where this one is silent."""
    older: tuple[VersionTrial, ...] = ()
    """TLS 1.0 and 1.1, asked only where the server objects to the newer versions, or does not answer to them."""


async def observe(ctx: Context) -> Evidence:
    """Opens two lines, sends the first flight, and returns at the first answer or when all are silent."""
    cell = ctx.cell
    way = Way(cell.transport, cell.address, cell.target.host)
    doubt = asyncio.Event()
    asides = ctx.hold.tasks.create_task(controls(cell.transport, cell.address, ctx.hold, doubt, ctx.once))
    trying = ctx.hold.tasks.create_task(try_older(ctx.hold, way, doubt)) if cell.transport == "tls" else None
    try:
        began = ctx.clock.now_ms()
        lines = await open_lines(ctx.hold, way, ctx.settings.login, 1 if ctx.bench.has(RelayAlone) else 2)
        if isinstance(lines, Trouble):
            doubt.set()
            hopeless = lines.reason in {Reason.NO_ROUTE, Reason.NOT_PERMITTED, Reason.REFUSED}
            asked = () if hopeless else await asides
            older = await trying if trying and not hopeless and may_be_older(lines) else ()
            return Evidence(server=cell.address, transport=cell.transport, trouble=lines, controls=asked, older=older)
        opened_ms = None if cell.transport == "udp" else round(ctx.clock.now_ms() - began, 3)
        replies = await _first_flight(ctx, way, lines)
        heard = any(reply.message for reply in replies)
        refused = any(reply.exchange.outcome == Reason.REFUSED for reply in replies)
        doubt.set()
        return Evidence(
            server=cell.address,
            transport=cell.transport,
            local=lines.first.stun.endpoint.local,
            opened_ms=opened_ms,
            exchanges=tuple(reply.exchange for reply in replies),
            malformed=tuple(lines.first.stun.malformed),
            controls=() if heard or refused else await asides,
        )
    finally:
        asides.cancel()
        if trying:
            trying.cancel()


async def _first_flight(ctx: Context, way: Way, lines: Lines) -> tuple[Reply, ...]:
    peers = None if ctx.bench.has(RelayAlone) else open_peers(ctx.hold, way)
    ask = lines.first.stun.ask(lines.first.session.compose(Method.BINDING), lines.first.server)
    binding = ctx.hold.tasks.create_task(ask)
    first = ctx.hold.tasks.create_task(lines.first.greet())
    second = ctx.hold.tasks.create_task(lines.second.greet()) if lines.second else None
    waiting: set[asyncio.Task[Reply]] = {binding, first}
    done: set[asyncio.Task[Reply]] = set()
    while waiting and not any(task.result().message for task in done):
        finished, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        done |= finished
    if any(task.result().message for task in done):
        ctx.bench.put(lines)
        ctx.bench.put(Greetings(first, second, binding))
        ctx.bench.put(lines.handshake or Trusted())  # over UDP and TCP nothing promises a certificate
        ctx.bench.put(Accepting())
        if peers is not None:
            ctx.bench.put(peers)
    return tuple(task.result() for task in (first, binding) if task in done)


def judge(evidence: Evidence) -> Judgement:
    """Answered, refused, unreachable, silent and foreign are five different answers."""
    if evidence.trouble is not None:
        return _not_opened(evidence, evidence.trouble)
    answered = next((exchange for exchange in evidence.exchanges if exchange.outcome in {"success", "error"}), None)
    if answered is None:
        return _unanswered(evidence)
    if answered.source is not None:
        summary = f"asked {evidence.server}, but {answered.source} answered: clients drop that answer"
        return _failed(evidence, summary, "stun-wrong-source", seen=str(answered.source))
    opened = "" if evidence.opened_ms is None else f", line open after {evidence.opened_ms:.0f} ms"
    rtt = "" if answered.rtt_ms is None else f" in {answered.rtt_ms:.1f} ms"
    return Judgement(status=Status.PASS, summary=f"{evidence.server} answers STUN{rtt}{opened}")


def _not_opened(evidence: Evidence, trouble: Trouble) -> Judgement:
    if trouble.reason == Reason.NO_ROUTE:
        raised = (Raised(id="no-route", facts=_facts(evidence)),)
        return Judgement(status=Status.SKIP, summary=f"not tested: {trouble.detail}", raised=raised)
    if trouble.reason == Reason.UNREACHABLE:
        return _failed(evidence, trouble.detail, "host-unreachable", detail=trouble.detail)
    if trouble.reason in {Reason.NOT_PERMITTED, Reason.LOCAL}:
        return Judgement(status=Status.INCONCLUSIVE, summary=f"not tested: {trouble.detail}")
    if trouble.reason == Reason.REFUSED:
        return _failed(evidence, trouble.detail, _REFUSED[evidence.transport])
    if taken(evidence.older):
        return _too_old(evidence, trouble)
    beneath = beneath_tls(evidence.controls) if evidence.transport == "tls" else None
    if beneath == "answered" and trouble.alert is None:  # whoever sends alerts speaks TLS
        summary = f"{trouble.detail}, while the same port answers STUN in the clear"
        return _failed(evidence, summary, "plain-vs-tls-swapped", detail=trouble.detail)
    if trouble.reason == Reason.SILENT and beneath is None:
        return _silent(evidence, trouble.detail)
    if evidence.transport in {"tls", "dtls"}:
        if is_too_old(trouble):
            return _too_old(evidence, trouble)
        return _failed(evidence, trouble.detail, "tls-handshake-failed", detail=trouble.detail)
    return _failed(evidence, trouble.detail, "tcp-accept-then-close", detail=trouble.detail)


def _too_old(evidence: Evidence, trouble: Trouble) -> Judgement:
    older = listed(taken(evidence.older))
    summary = f"{trouble.detail}, while {older} is taken" if older else trouble.detail
    return _failed(evidence, summary, "tls-too-old-only", detail=trouble.detail, names=older)


def _unanswered(evidence: Evidence) -> Judgement:
    exchange = evidence.exchanges[0]
    if exchange.discarded or evidence.malformed:
        why = (*exchange.discarded, *evidence.malformed)[0]
        summary = f"{evidence.server} answers, but no answer can be believed: {why}"
        return _failed(evidence, summary, "stun-answer-malformed", detail=why)
    if exchange.outcome in {Reason.NOT_PERMITTED, Reason.LOCAL}:
        return Judgement(status=Status.INCONCLUSIVE, summary=f"not tested: {exchange.detail}")
    secured = within_tls(evidence.controls)
    if secured is not None:
        return _failed(evidence, f"{evidence.server} takes no STUN: {secured[1]}", secured[0], detail=secured[1])
    if exchange.outcome == Reason.SILENT:
        sends = len(exchange.sends_ms)
        waited = f"{(exchange.waited_ms or 0) / 1000:.1f} s"
        times = f"asked {sends} times in {waited}" if sends > 1 else f"asked, then waited {waited}"
        return _silent(evidence, f"{evidence.server} does not answer over {evidence.transport}: {times}")
    finding = _BROKEN.get((evidence.transport in {"udp", "dtls"}, exchange.outcome), "tcp-accept-then-close")
    return _failed(evidence, exchange.detail or f"no answer: {exchange.outcome}", finding, detail=exchange.detail or "")


def _silent(evidence: Evidence, summary: str) -> Judgement:
    beside = told_beside(evidence.transport, evidence.controls)
    if beside is not None:
        detail = f"a connected socket was told by ICMP that the port is {beside}"
        return _failed(evidence, f"{summary}; {detail}", _BROKEN[True, beside], detail=detail)
    alive = next((control for control in evidence.controls if control.alive), None)
    if evidence.transport in {"tcp", "tls"} and evidence.trouble is None:
        return _failed(evidence, f"{summary}; the connection stays open", "tcp-accept-no-answer")
    if alive is None:
        return _failed(
            evidence,
            f"{summary}; nothing else of the host that was asked answers either",
            "all-ports-blocked-host-down",
        )
    finding = {"udp": "udp-port-blocked", "dtls": "dtls-off"}.get(evidence.transport, "tcp-port-blocked")
    said = str(alive)
    return _failed(evidence, f"{summary}, while {said}", finding, detail=said)


def _failed(evidence: Evidence, summary: str, finding: str, **facts: str) -> Judgement:
    raised = (Raised(id=finding, facts=_facts(evidence) | facts),)
    return Judgement(status=Status.FAIL, summary=summary, raised=raised)


def _facts(evidence: Evidence) -> dict[str, str]:
    facts = {
        "address": str(evidence.server),
        "host": evidence.server.host,
        "port": str(evidence.server.port),
        "transport": evidence.transport,
    }
    if evidence.trouble is not None and evidence.trouble.reason == Reason.SILENT:
        facts |= {"sends": str(evidence.trouble.sends or 1), "waited": f"{OPEN_TIMEOUT_S:.1f} s"}
    return facts | evidence.exchanges[0].facts() if evidence.exchanges else facts


_REFUSED = {"udp": "udp-port-refused", "dtls": "udp-port-refused", "tcp": "tcp-port-refused", "tls": "tls-no-listener"}
_BROKEN = {
    (True, "refused"): "udp-port-refused",
    (True, "unreachable"): "udp-port-unreachable",
    (False, "unreachable"): "host-unreachable",
    (False, "malformed"): "uri-wrong-service-port",
}

PROBE = Probe(
    id="turn.reach",
    title="Server answers",
    rung=1,
    schemes=frozenset({"turn", "turns"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=8.0,
    gives=(Lines, Greetings, Peers, Handshake, Accepting),
)
