"""Which routers stand between this host and the server: is there a second NAT, or a provider's one?

Requests whose time to live ends on the way; the routers where it ends say so by ICMP, which an ordinary socket on Linux
may read (`natprobe.net.udp`), and elsewhere scapy with privilege (`natprobe.net.overhear`). A provider's NAT shows by
its addresses (RFC 6598). Two NATs in a row show only where routers of different private networks follow each other: a
big network has several private hops and one NAT.
"""

import asyncio
import ipaddress
import itertools

import msgspec

from natprobe.address import Address, kind_of
from natprobe.client.sounding import open_sounder, plain, until
from natprobe.client.survey import Survey
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.net.overhear import Overheard, overhear
from natprobe.net.sockets import tells_sockets
from natprobe.net.trouble import Trouble
from natprobe.probe import Context, Judgement, Probe
from natprobe.wire.behaviour import MappingVerdict

MOST_HOPS = 5
_WAITS_S = (0.15, 0.3)
_EXCEEDED = {4: (11, 0), 6: (3, 0)}  # RFC 792, RFC 4443 section 3.3
_BLOCKS = tuple(ipaddress.ip_network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))


class Hop(msgspec.Struct, frozen=True, kw_only=True):
    """One router on the way that told of itself."""

    ttl: int
    host: str
    kind: str


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The first routers on the way to a server."""

    server: Address
    mapped: Address | None = None
    translated: bool | None = None
    supported: bool = True
    """Whether it can be told here who sent an ICMP error."""
    missing: str | None = None
    """What it would take, where it cannot."""
    overheard: bool = False
    """Whether raw sockets heard the errors, in place of the sockets that sent."""
    hops: tuple[Hop, ...] = ()


async def observe(ctx: Context) -> Evidence:
    """Sends towards the nearest server with a time to live of 1, 2, 3 …, each from a socket of its own."""
    survey = ctx.bench.get(Survey)
    server = survey.answered[0].question.to
    verdict = ctx.bench.get(MappingVerdict) if ctx.bench.has(MappingVerdict) else None
    known = Evidence(
        server=server,
        mapped=verdict.mapped if verdict else None,
        translated=None if verdict is None or verdict.word == "unknown" else verdict.word != "none",
    )
    if tells_sockets():
        return msgspec.structs.replace(known, hops=await _hops(ctx, server))
    with overhear(4 if server.family == 4 else 6) as ear:
        if isinstance(ear, str):
            return msgspec.structs.replace(known, supported=False, missing=ear)
        return msgspec.structs.replace(known, overheard=True, hops=await _hops(ctx, server, ear))


async def _hops(ctx: Context, server: Address, ear: Overheard | None = None) -> tuple[Hop, ...]:
    found = await asyncio.gather(*(_hop(ctx, server, ttl, ear) for ttl in range(1, MOST_HOPS + 1)))
    return tuple(hop for hop in found if hop is not None)


async def _hop(ctx: Context, server: Address, ttl: int, ear: Overheard | None) -> Hop | None:
    sounder = open_sounder(ctx.hold, server, ctx.side.source, ttl=ttl)
    if isinstance(sounder, Trouble):
        return None
    inquiry = sounder.ask(plain(server, f"Binding with a time to live of {ttl}"))
    for wait_s in _WAITS_S:
        inquiry.send()
        if await until(sounder, lambda: inquiry.heard.is_set() or bool(inquiry.sounding().troubles), wait_s):
            break
        if ear is not None and (router := ear.offender(sounder.local.port)) is not None:
            return Hop(ttl=ttl, host=router.host, kind=kind_of(router.host))
    exceeded = _EXCEEDED[4 if server.family == 4 else 6]
    offenders = (each.offender for each in inquiry.sounding().troubles if (each.icmp_type, each.icmp_code) == exceeded)
    host = next((offender.host for offender in offenders if offender), None)
    return None if host is None else Hop(ttl=ttl, host=host, kind=kind_of(host))


def judge(evidence: Evidence) -> Judgement:
    """The routers are told as they are; a finding takes addresses that leave no other explanation."""
    if not evidence.supported:
        summary = "not tested: this system does not tell a socket who sent an ICMP error"
        summary += f"; {evidence.missing}" if evidence.missing else ""
        return Judgement(status=Status.SKIP, summary=summary)
    if not evidence.hops:
        return Judgement(status=Status.SKIP, summary=f"no router on the way to {evidence.server.host} tells of itself")
    way = ", ".join(f"{hop.ttl}: {hop.host}" for hop in evidence.hops)
    found = _found(evidence) if evidence.translated else None
    if found is None:
        return Judgement(status=Status.PASS, summary=f"routers on the way: {way}")
    finding, hop = found
    raised = Raised(id=finding, facts={"mapped": str(evidence.mapped), "seen": hop.host})
    return Judgement(status=Status.PASS, summary=f"{_WORDS[finding]}; routers on the way: {way}", raised=(raised,))


def _found(evidence: Evidence) -> tuple[str, Hop] | None:
    carrier = next((hop for hop in evidence.hops if hop.kind == "cgnat"), None)
    if carrier is not None:
        return "nat-cgnat", carrier
    private = [hop for hop in evidence.hops if hop.kind == "private"]
    for first, second in itertools.pairwise(private):
        if _block(first) != _block(second):
            return "nat-double", second
    return None


def _block(hop: Hop) -> object:
    ip = ipaddress.ip_address(hop.host)
    return next((block for block in _BLOCKS if ip in block), None)


_WORDS = {
    "nat-cgnat": "the provider's NAT stands in front of the router",
    "nat-double": "two private networks follow each other, so two NATs are likely",
}

PROBE = Probe(
    id="nat.path",
    title="Routers on the way",
    schemes=frozenset({"stun", "turn"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=3.0,
    needs=(Survey,),
    after=("nat.mapping",),
    scope="host",
)
