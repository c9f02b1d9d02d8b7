"""As what does this server see each address of this host: which server-reflexive candidates does it give?

RFC 8445 section 5.1.1.2. Every base asks at once, and each answer is told as it comes. No plan of checks picks this
probe; `natprobe gather` does, for STUN servers and, as browsers do, for TURN servers over UDP.
"""

import asyncio

import msgspec

from natprobe.address import Address
from natprobe.client.bases import Asking, Seat
from natprobe.events import Raised
from natprobe.ice import Reflexive
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe
from natprobe.wire.attributes import xor_mapped_address
from natprobe.wire.registry import ERROR_NAMES, Method
from natprobe.wire.session import Session
from natprobe.wire.transactions import Exchange, Schedule

SCHEDULE = Schedule((0.0, 0.1, 0.25, 0.5, 1.0, 1.75), 2.5)


class View(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the server said to one base."""

    base: Address
    exchange: Exchange
    mapped: Address | None = None


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the server said to all of them."""

    server: Address
    uri: str
    serves_turn: bool = False
    views: tuple[View, ...] = ()


async def observe(ctx: Context) -> Evidence:
    """Asks one Binding from every base that can reach the server."""
    asking, server = ctx.bench.get(Asking), ctx.cell.address
    seats = asking.bases.towards(server)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_view(asking, seat, server)) for seat in seats]
    return Evidence(
        server=server,
        uri=asking.url,
        serves_turn=ctx.cell.target.scheme == "turn",
        views=tuple(task.result() for task in tasks),
    )


async def _view(asking: Asking, seat: Seat, server: Address) -> View:
    reply = await seat.client.ask(Session().compose(Method.BINDING), server, SCHEDULE)
    believed = reply.message if reply.exchange.source is None else None
    mapped = xor_mapped_address(believed) if believed else None
    if mapped is not None:
        asking.tell(Reflexive(mapped=mapped, base=seat.base, server=server, server_order=asking.order, url=asking.url))
    return View(base=seat.base.address, exchange=reply.exchange, mapped=mapped)


def judge(evidence: Evidence) -> Judgement:
    """One mapped address is enough: an address of this host that leads nowhere is no fault of the server."""
    if not evidence.views:
        family = evidence.server.family
        raised = (Raised(id="no-route", facts={"address": str(evidence.server)}),)
        return Judgement(status=Status.SKIP, summary=f"not tested: this host has no IPv{family} address", raised=raised)
    mapped = tuple(dict.fromkeys(str(view.mapped) for view in evidence.views if view.mapped))
    if mapped:
        return Judgement(status=Status.PASS, summary=f"mapped address {', '.join(mapped)}")
    return _missed(evidence, _telling(evidence.views).exchange)


def _telling(views: tuple[View, ...]) -> View:
    """The view that says most: an answer says more than an error of this host, and silence the least."""
    return min(
        views, key=lambda view: (view.exchange.outcome not in {"error", "success"}, view.exchange.outcome == "silent")
    )


def _missed(evidence: Evidence, exchange: Exchange) -> Judgement:
    summary, finding = _why(evidence, exchange)
    facts = {
        "uri": evidence.uri,
        "address": str(evidence.server),
        "host": evidence.server.host,
        "port": str(evidence.server.port),
        "transport": "udp",
        "detail": summary,
        "sends": str(len(exchange.sends_ms)),
        "waited": f"{(exchange.waited_ms or 0) / 1000:.1f} s",
    }
    if exchange.code is not None:
        facts |= {"code": str(exchange.code), "phrase": ERROR_NAMES.get(exchange.code, "unknown code")}
    if evidence.serves_turn:  # what the relay needs is judged by the TURN checks
        return Judgement(status=Status.WARN, summary=f"no reflexive candidate: {summary}")
    return Judgement(status=Status.FAIL, summary=summary, raised=(Raised(id=finding, facts=facts),))


def _why(evidence: Evidence, exchange: Exchange) -> tuple[str, str]:
    if exchange.outcome == "error":
        phrase = ERROR_NAMES.get(exchange.code or 0, "unknown code")
        finding = {401: "stun-binding-401", 420: "stun-420"}.get(exchange.code or 0, "stun-binding-refused")
        code = "no code" if exchange.code is None else exchange.code
        return f"Binding is refused: {code} ({phrase})", finding
    if exchange.outcome == "success" and exchange.source is not None:
        return f"asked {evidence.server}, but {exchange.source} answered: clients drop that answer", "stun-wrong-source"
    if exchange.outcome == "success":
        return "the answer holds no XOR-MAPPED-ADDRESS", "stun-classic-only"
    if exchange.discarded:
        return f"{evidence.server} answers, but cannot be believed: {exchange.discarded[0]}", "stun-answer-malformed"
    if exchange.outcome == "refused":
        return exchange.detail or f"nothing listens on {evidence.server}", "udp-port-refused"
    if exchange.outcome != "silent":
        return exchange.detail or f"no answer: {exchange.outcome}", "ice-error-701"
    waited = f"{(exchange.waited_ms or 0) / 1000:.1f} s"
    times = f"asked {len(exchange.sends_ms)} times in {waited}"
    return f"{evidence.server} does not answer over udp: {times}", "ice-error-701"


PROBE = Probe(
    id="ice.gather",
    title="Reflexive candidates",
    schemes=frozenset({"stun", "turn"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=5.0,
    needs=(Asking,),
    transports=frozenset(),
)
