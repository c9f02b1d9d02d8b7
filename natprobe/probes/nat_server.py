"""Where do the public STUN servers stand, which nobody here has named?

It is `dns.resolve` for servers that the user did not ask for: that one of them has gone is no fault of this network.
"""

import msgspec

from natprobe.address import Address
from natprobe.model import Status
from natprobe.net.resolve import DEADLINE_S, Resolution, resolve
from natprobe.probe import Context, Destination, Destinations, Judgement, Probe


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was said about the name."""

    name: str
    resolution: Resolution
    destinations: tuple[Address, ...] = ()


async def observe(ctx: Context) -> Evidence:
    """Asks everybody at once, and hands the destinations on."""
    resolution = await resolve(
        ctx.target.host, clock=ctx.clock, deadline_s=DEADLINE_S, nameservers=ctx.settings.nameservers or None
    )
    port = ctx.target.effective_port or 0
    addresses = tuple(Address(host, port) for host in resolution.addresses)
    if addresses:
        ctx.bench.put(Destinations(tuple(Destination("udp", address) for address in addresses)))
    return Evidence(name=ctx.target.host, resolution=resolution, destinations=addresses)


def judge(evidence: Evidence) -> Judgement:
    """A name that does not resolve is passed over."""
    if not evidence.destinations:
        return Judgement(status=Status.SKIP, summary=f"{evidence.name} does not resolve, so it is not asked")
    hosts = ", ".join(address.host for address in evidence.destinations)
    return Judgement(status=Status.PASS, summary=f"{evidence.name} is {hosts}")


PROBE = Probe(
    id="nat.server",
    title="Public server found",
    schemes=frozenset({"stun"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=6.0,
    gives=(Destinations,),
    scope="spare",
)
