"""Does the server tell us our mapped address (RFC 8489 section 12), and does it do so without tricks on the way?"""

import asyncio

import msgspec

from natprobe.address import Address
from natprobe.client.control import Control, beneath_tls, controls, told_beside, within_tls
from natprobe.client.line import OPEN_TIMEOUT_S, Line, Way, open_line
from natprobe.client.rig import Accepting
from natprobe.client.tls_trials import VersionTrial, is_too_old, listed, may_be_older, taken, try_older
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.net.handshake import Handshake
from natprobe.net.trouble import Reason, Trouble
from natprobe.probe import Context, Judgement, Probe
from natprobe.wire.attributes import mapped_address, other_address, response_origin, software, xor_mapped_address
from natprobe.wire.registry import ERROR_NAMES, Method
from natprobe.wire.session import Session
from natprobe.wire.transactions import Exchange

SLOW_MS = 500.0
_HOPELESS = {Reason.NO_ROUTE, Reason.NOT_PERMITTED, Reason.REFUSED}


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one Binding brought."""

    server: Address
    transport: str
    local: Address | None = None
    trouble: Trouble | None = None
    exchange: Exchange | None = None
    malformed: tuple[str, ...] = ()
    mapped: Address | None = None
    """XOR-MAPPED-ADDRESS."""
    plain_mapped: Address | None = None
    """MAPPED-ADDRESS, which an application layer gateway on the way may rewrite."""
    software: str | None = None
    other_address: Address | None = None
    response_origin: Address | None = None
    controls: tuple[Control, ...] = ()
    """What the port says over other transports, and other ports of its host; asked only where this one is silent."""
    older: tuple[VersionTrial, ...] = ()
    """TLS 1.0 and 1.1, asked only where the server objects to the newer versions, or does not answer to them."""


async def observe(ctx: Context) -> Evidence:
    """Opens a line and asks one Binding over it."""
    cell = ctx.cell
    way = Way(cell.transport, cell.address, cell.target.host)
    doubt = asyncio.Event()
    asides = ctx.hold.tasks.create_task(controls(cell.transport, cell.address, ctx.hold, doubt, ctx.once))
    trying = ctx.hold.tasks.create_task(try_older(ctx.hold, way, doubt)) if cell.transport == "tls" else None
    try:
        line = await open_line(way, ctx.clock, ctx.hold.trace, ctx.hold.roots)
        if isinstance(line, Trouble):
            doubt.set()
            older = await trying if trying and may_be_older(line) and line.reason not in _HOPELESS else ()
            evidence = Evidence(server=cell.address, transport=cell.transport, trouble=line, older=older)
        else:
            evidence = await _ask(ctx, line)
        doubt.set()
        unheard = _reason(evidence) == Reason.SILENT or _is_hung_up(evidence)
        return msgspec.structs.replace(evidence, controls=await asides) if unheard else evidence
    finally:
        asides.cancel()
        if trying:
            trying.cancel()


def _is_hung_up(evidence: Evidence) -> bool:
    return evidence.transport == "tcp" and _reason(evidence) in {Reason.CLOSED, Reason.RESET}


def _reason(evidence: Evidence) -> str:
    """Why there is no answer, or how the Binding ended."""
    if evidence.exchange is not None:
        return evidence.exchange.outcome
    return evidence.trouble.reason if evidence.trouble else Reason.LOCAL


async def _ask(ctx: Context, line: Line) -> Evidence:
    cell = ctx.cell
    pump = ctx.hold.tasks.create_task(line.client.pump())
    ctx.hold.closing.push_async_callback(line.client.endpoint.close)
    ctx.hold.closing.callback(pump.cancel)
    if line.handshake is not None:
        ctx.bench.put(line.handshake)
    reply = await line.client.ask(Session().compose(Method.BINDING), cell.address)
    evidence = Evidence(
        server=cell.address,
        transport=cell.transport,
        local=line.client.endpoint.local,
        exchange=reply.exchange,
        malformed=tuple(line.client.malformed),
    )
    if reply.message is None:
        return evidence
    ctx.bench.put(Accepting())
    return msgspec.structs.replace(
        evidence,
        mapped=xor_mapped_address(reply.message),
        plain_mapped=mapped_address(reply.message),
        software=software(reply.message),
        other_address=other_address(reply.message),
        response_origin=response_origin(reply.message),
    )


def judge(evidence: Evidence) -> Judgement:
    """A mapped address from the address that was asked is the healthy answer."""
    exchange = evidence.exchange
    if exchange is None:
        return _not_opened(evidence)
    if exchange.outcome == "error":
        return _refused(evidence, exchange)
    if exchange.outcome != "success":
        return _unanswered(evidence, exchange)
    if exchange.source is not None:
        summary = f"asked {evidence.server}, but {exchange.source} answered: clients drop that answer"
        return _judged(evidence, Status.FAIL, summary, "stun-wrong-source", seen=str(exchange.source))
    if evidence.mapped is None:
        finding = "stun-classic-only" if evidence.plain_mapped else "stun-answer-malformed"
        return _judged(evidence, Status.FAIL, "the answer holds no XOR-MAPPED-ADDRESS", finding)
    if evidence.plain_mapped not in {None, evidence.mapped}:
        summary = f"MAPPED-ADDRESS {evidence.plain_mapped} differs from XOR-MAPPED-ADDRESS {evidence.mapped}"
        return _judged(evidence, Status.WARN, summary, "stun-xor-vs-mapped-differs", seen=str(evidence.plain_mapped))
    if exchange.rtt_ms is not None and exchange.rtt_ms > SLOW_MS:
        summary = f"mapped address {evidence.mapped}, but only after {exchange.rtt_ms:.0f} ms"
        return _judged(evidence, Status.WARN, summary, "stun-slow")
    rtt = "" if exchange.rtt_ms is None else f" in {exchange.rtt_ms:.1f} ms"
    return Judgement(status=Status.PASS, summary=f"mapped address {evidence.mapped}{rtt}")


def _not_opened(evidence: Evidence) -> Judgement:
    trouble = evidence.trouble
    if trouble is None or trouble.reason in {Reason.NOT_PERMITTED, Reason.LOCAL}:
        detail = trouble.detail if trouble else "nothing was asked"
        return Judgement(status=Status.INCONCLUSIVE, summary=f"not tested: {detail}")
    if trouble.reason == Reason.NO_ROUTE:
        raised = (Raised(id="no-route", facts={"address": str(evidence.server)}),)
        return Judgement(status=Status.SKIP, summary=f"not tested: {trouble.detail}", raised=raised)
    older = taken(evidence.older)
    if older or is_too_old(trouble):
        summary = f"{trouble.detail}, while {listed(older)} is taken" if older else trouble.detail
        return _judged(evidence, Status.FAIL, summary, "tls-too-old-only", names=listed(older))
    beneath = beneath_tls(evidence.controls) if evidence.transport == "tls" else None
    if beneath is not None and trouble.alert is None:
        finding = "plain-vs-tls-swapped" if beneath == "answered" else "tls-handshake-failed"
    else:
        secure = evidence.transport in {"tls", "dtls"}
        finding = _finding(evidence, "tls-handshake-failed" if secure else "tcp-accept-then-close")
    return _judged(evidence, Status.FAIL, trouble.detail, finding, detail=trouble.detail)


def _finding(evidence: Evidence, otherwise: str) -> str:
    """A silent host and a silent port are two faults, and only another answer from that host tells them apart."""
    reason, opened = _reason(evidence), evidence.exchange is not None
    if reason != Reason.SILENT or (opened and evidence.transport in {"tcp", "tls"}):
        return _TROUBLE.get((evidence.transport, reason), otherwise)
    beside = told_beside(evidence.transport, evidence.controls)
    if beside is not None:
        return _TROUBLE[evidence.transport, beside]
    if any(control.alive for control in evidence.controls):
        return {"udp": "udp-port-blocked", "dtls": "dtls-off"}.get(evidence.transport, "tcp-port-blocked")
    return "all-ports-blocked-host-down"


def _refused(evidence: Evidence, exchange: Exchange) -> Judgement:
    phrase = ERROR_NAMES.get(exchange.code or 0, "unknown code")
    finding = {401: "stun-binding-401", 420: "stun-420"}.get(exchange.code or 0, "stun-binding-refused")
    code = "no code" if exchange.code is None else str(exchange.code)
    summary = f"Binding is refused: {code} ({phrase})"
    return _judged(evidence, Status.FAIL, summary, finding, code=code, phrase=phrase)


def _unanswered(evidence: Evidence, exchange: Exchange) -> Judgement:
    waited = f"{(exchange.waited_ms or 0) / 1000:.1f} s"
    why = (*exchange.discarded, *evidence.malformed)
    if why:
        summary = f"{evidence.server} answers, but no answer can be believed: {why[0]}"
        return _judged(evidence, Status.FAIL, summary, "stun-answer-malformed", detail=why[0])
    summary = (
        f"{evidence.server} does not answer over {evidence.transport}: asked {len(exchange.sends_ms)} times in {waited}"
    )
    if exchange.outcome != Reason.SILENT:
        summary = exchange.detail or f"no answer: {exchange.outcome}"
    if exchange.outcome in {Reason.NOT_PERMITTED, Reason.LOCAL}:
        return Judgement(status=Status.INCONCLUSIVE, summary=f"not tested: {exchange.detail}")
    secured = within_tls(evidence.controls)
    if secured is not None:
        finding, detail = secured
        return _judged(evidence, Status.FAIL, f"{summary}; {detail}", finding, detail=detail)
    return _judged(evidence, Status.FAIL, summary, _finding(evidence, "tcp-accept-then-close"), detail=summary)


def _judged(evidence: Evidence, status: Status, summary: str, finding: str, **facts: str) -> Judgement:
    known = {
        "address": str(evidence.server),
        "host": evidence.server.host,
        "port": str(evidence.server.port),
        "transport": evidence.transport,
        "mapped": str(evidence.mapped or ""),
    }
    if _reason(evidence) == Reason.SILENT:
        known |= {"sends": str((evidence.trouble and evidence.trouble.sends) or 1), "waited": f"{OPEN_TIMEOUT_S:.1f} s"}
    if evidence.exchange is not None:
        known |= evidence.exchange.facts()
        if evidence.exchange.answered_ms is not None:
            known["waited"] = f"{evidence.exchange.answered_ms - evidence.exchange.sends_ms[0]:.0f} ms"
    return Judgement(status=status, summary=summary, raised=(Raised(id=finding, facts=known | facts),))


_TROUBLE = {
    ("udp", "refused"): "udp-port-refused",
    ("udp", "unreachable"): "udp-port-unreachable",
    ("tcp", "silent"): "tcp-accept-no-answer",
    ("tcp", "refused"): "tcp-port-refused",
    ("tcp", "unreachable"): "host-unreachable",
    ("tcp", "malformed"): "uri-wrong-service-port",
    ("tls", "refused"): "tls-no-listener",
    ("tls", "silent"): "tcp-accept-no-answer",
    ("tls", "unreachable"): "host-unreachable",
    ("dtls", "refused"): "udp-port-refused",
    ("dtls", "unreachable"): "udp-port-unreachable",
}

PROBE = Probe(
    id="stun.binding",
    title="Mapped address",
    schemes=frozenset({"stun", "stuns"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=8.0,
    gives=(Handshake, Accepting),
)
