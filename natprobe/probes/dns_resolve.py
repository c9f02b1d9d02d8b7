"""Where does the name lead: to which addresses, by whose word, and may clients outside use them?

A and AAAA, this system's own resolver, and SRV and NAPTR (RFC 5928) where the URI names no port, all at once.
"""

import asyncio
from collections.abc import Mapping

import msgspec

from natprobe.address import Address, kind_of
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.net.discover import Discovery, discover
from natprobe.net.resolve import DEADLINE_S, Resolution, resolve
from natprobe.net.vantage import vantage
from natprobe.probe import Context, Destination, Destinations, Judgement, Probe
from natprobe.target import SCHEMES

_NOBODY = "unspecified"
"""The kind of 0.0.0.0 and ::, which a system takes for itself, and with which filters answer."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was said about the name."""

    name: str
    resolution: Resolution
    discovery: Discovery | None = None
    """SRV and NAPTR, asked only where the URI names no port."""
    others: tuple[Resolution, ...] = ()
    """The names of other hosts to which SRV or NAPTR led."""
    destinations: tuple[Address, ...] = ()
    withheld: tuple[Address, ...] = ()
    """Nobody's address; and where an answer of a server, not the user, wants to send us: this host, and the like."""
    vantage: tuple[str, ...] = ()
    """This host's own source addresses: a private answer is right inside a private network."""


async def observe(ctx: Context) -> Evidence:
    """Asks everybody at once, follows what SRV and NAPTR name, and hands the destinations on."""
    target, nameservers = ctx.target, ctx.settings.nameservers or None
    resolution, discovery = await asyncio.gather(
        _resolved(ctx, target.host),
        discover(target, clock=ctx.clock, deadline_s=DEADLINE_S, nameservers=nameservers),
    )
    names = dict.fromkeys(service.host for service in discovery.services if service.host != target.host)
    others = await asyncio.gather(*(_resolved(ctx, name) for name in names))
    named = _destinations(discovery, {each.name: each.addresses for each in (resolution, *others)})
    found = tuple(each for each in named if each.address.kind not in {*ctx.shunned, _NOBODY})
    if found:
        ctx.bench.put(Destinations(found))
    return Evidence(
        name=target.host,
        resolution=resolution,
        discovery=discovery if discovery.answers else None,
        others=tuple(others),
        destinations=tuple(dict.fromkeys(each.address for each in found)),
        withheld=tuple(dict.fromkeys(each.address for each in named if each not in found)),
        vantage=vantage().addresses,
    )


async def _resolved(ctx: Context, name: str) -> Resolution:
    """What is said about `name`, asked once a run."""
    clock, nameservers = ctx.clock, ctx.settings.nameservers or None

    async def ask() -> Resolution:
        return await resolve(name, clock=clock, deadline_s=DEADLINE_S, nameservers=nameservers)

    return await ctx.once((PROBE.id, name, nameservers), ask)


def _destinations(discovery: Discovery, addresses: Mapping[str, tuple[str, ...]]) -> tuple[Destination, ...]:
    return tuple(
        Destination(service.transport, Address(host, service.port))
        for service in discovery.services
        for host in addresses.get(service.host, ())
    )


def judge(evidence: Evidence) -> Judgement:
    """That a name does not exist, and that nobody answered about it, are two answers."""
    if evidence.destinations:
        return _found(evidence)
    if evidence.withheld and all(address.kind == _NOBODY for address in evidence.withheld):
        hosts = ", ".join(dict.fromkeys(address.host for address in evidence.withheld))
        return _judged(evidence, f"{evidence.name} is answered with {hosts}, which is nobody's address", "dns-sinkhole")
    if evidence.withheld:
        hosts = ", ".join(dict.fromkeys(address.host for address in evidence.withheld))
        return _judged(
            evidence, f"{evidence.name} leads to {hosts}, where no answer may send us", "dns-private-address"
        )
    outcomes = {answer.outcome for answer in evidence.resolution.answers}
    if "nxdomain" in outcomes:
        return _judged(evidence, f"{evidence.name} does not exist (NXDOMAIN)", "dns-nxdomain")
    if outcomes and outcomes <= {"nodata"}:
        return _judged(evidence, f"{evidence.name} exists, but has neither A nor AAAA", "dns-no-address")
    said = ", ".join(f"{answer.qtype} {answer.outcome}" for answer in evidence.resolution.answers)
    return _judged(evidence, f"{evidence.name} does not resolve: {said or _system(evidence)}", "dns-timeout")


def _system(evidence: Evidence) -> str:
    system = evidence.resolution.system
    return (system.error or system.outcome) if system else "no resolver answered"


def _found(evidence: Evidence) -> Judgement:
    hosts = list(dict.fromkeys(address.host for address in evidence.destinations))
    by = " (from the hosts file)" if evidence.resolution.source == "hosts" else _led(evidence)
    inside = any(kind_of(host) != "public" for host in evidence.vantage)
    if not inside and all(kind_of(host) in {"private", "cgnat", "loopback"} for host in hosts):
        summary = f"{evidence.name} leads to {', '.join(hosts)}, which nobody outside can reach"
        return _judged(evidence, summary, "dns-private-address")
    return Judgement(status=Status.PASS, summary=f"{evidence.name} is {', '.join(hosts)}{by}")


def _led(evidence: Evidence) -> str:
    sources = {service.source for service in evidence.discovery.services} if evidence.discovery else set()
    names = [source.upper() for source in ("naptr", "srv") if source in sources]
    return f" (as {' and '.join(names)} say)" if names else ""


def _judged(evidence: Evidence, summary: str, finding: str) -> Judgement:
    hosts = [address.host for address in (*evidence.destinations, *evidence.withheld)]
    answers = evidence.resolution.answers
    facts = {
        "host": evidence.name,
        "name": evidence.name,
        "names": ", ".join(hosts),
        "address": ", ".join(hosts),
        "kind": kind_of(hosts[0]) if hosts else "",
        "waited": f"{max((answer.duration_ms for answer in answers), default=0.0) / 1000:.1f} s",
        "sends": str(sum(answer.asked for answer in answers)),
        "detail": ", ".join(f"{answer.qtype}: {answer.outcome}" for answer in answers) or _system(evidence),
    }
    return Judgement(status=Status.FAIL, summary=summary, raised=(Raised(id=finding, facts=facts),))


PROBE = Probe(
    id="dns.resolve",
    title="Name resolved",
    schemes=frozenset(name for name, scheme in SCHEMES.items() if scheme.transports),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=6.0,
    gives=(Destinations,),
    scope="target",
)
