"""Do all destinations see one TCP port of this host at the same address? (RFC 5382 section 4.1, RFC 4787's terms)

Connections to several servers leave from one local port, all at once. TCP hole punching, and ICE over TCP (RFC 6544),
take a mapping that does not depend on the destination. The user has to ask for it: it takes connections that most STUN
servers have no use for, and UDP's behaviour says nothing about TCP's.
"""

from itertools import chain

import msgspec

from natprobe.address import Address
from natprobe.client.survey import Reached, Survey
from natprobe.client.tcp_views import TcpView, tcp_views
from natprobe.model import Status
from natprobe.net.tcp import free_port
from natprobe.probe import Context, Judgement, Probe
from natprobe.wire.behaviour import MappingVerdict, View, mapping_of

MOST_SERVERS = 6


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What each destination saw."""

    local: Address
    views: tuple[TcpView, ...] = ()
    verdict: MappingVerdict


async def observe(ctx: Context) -> Evidence:
    """Asks the servers, and the other addresses of the one that offered them."""
    source = Address(ctx.bench.get(Reached).local.host, 0)
    local = free_port(source)
    if local is None:
        return Evidence(local=source, verdict=MappingVerdict(word="unknown", why="this host has no TCP port to spare"))
    views = await tcp_views(ctx.hold, _servers(ctx), local)
    told = (View(view.server, view.mapped) for view in views if view.mapped is not None)
    return Evidence(local=local, views=views, verdict=mapping_of(told, local))


def _servers(ctx: Context) -> tuple[Address, ...]:
    survey = ctx.bench.get(Survey) if ctx.bench.has(Survey) else None
    offer = survey.offer if survey else None
    offered = (offer.primary, offer.other_host, offer.other_port, offer.other) if offer else ()
    return tuple(dict.fromkeys(chain(offered, (server.address for server in ctx.side.servers))))[:MOST_SERVERS]


def judge(evidence: Evidence) -> Judgement:
    """Every behaviour is a result; what could not be compared is told with what is missing."""
    verdict = evidence.verdict
    if verdict.word == "unknown" and not verdict.dependent:
        troubles = [view.trouble for view in evidence.views if view.trouble]
        why = "; ".join((verdict.why, *troubles[:2]))
        return Judgement(status=Status.INCONCLUSIVE, summary=f"TCP mapping unknown: {why}")
    return Judgement(status=Status.PASS, summary=f"{_said(verdict)} ({verdict.why})")


def _said(verdict: MappingVerdict) -> str:
    if verdict.word == "none":
        return f"no NAT for TCP: {verdict.mapped} is this host's own address"
    if verdict.dependent:
        word = "" if verdict.word == "unknown" else f"{verdict.word} TCP mapping: "
        return f"{word}one TCP port is {verdict.mapped} and {verdict.seen}, so TCP holes cannot be punched"
    return f"{verdict.word} TCP mapping, {verdict.mapped}"


PROBE = Probe(
    id="nat.tcp-mapping",
    title="TCP mapping behaviour",
    schemes=frozenset({"stun", "turn"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=5.0,
    needs=(Reached,),
    scope="host",
)
