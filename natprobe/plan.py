"""What will be probed, and in which order? Pure: targets × settings × probes; nothing is asked here."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from natprobe.address import NOT_BY_HEARSAY, Address, AddressKind, kind_of
from natprobe.credential import Credential, Secret
from natprobe.expectations import Expectations
from natprobe.model import Command
from natprobe.probe import Cell, Destination, Destinations, Lead, Probe, Server, Settings, Side
from natprobe.target import Target, transports, without_secrets

Family = Literal[4, 6]

DEFAULT_DEADLINE_S = 20.0


class Plan(msgspec.Struct, frozen=True):
    """A run that is fully described before the first packet."""

    command: Command
    targets: tuple[Target, ...]
    probes: tuple[Probe[Any], ...]
    settings: Settings
    deadline_s: float = DEFAULT_DEADLINE_S
    families: tuple[Family, ...] = (4, 6)
    aim: Literal["servers", "host"] = "servers"
    """What the run is about: each server by itself, or this host, which all servers look at together."""
    unnamed: bool = False
    """Whether the targets are natprobe's own choice: one that has gone is no fault then."""
    sources: tuple[Address, ...] = ()
    """The addresses of this host to send from, each on its own; none leaves the choice to routing."""
    own: Mapping[Target, Settings] = msgspec.field(default_factory=dict)
    """Settings of single targets, in place of `settings`."""


class Order(msgspec.Struct, frozen=True):
    """One target and what it is checked by; and, where an answer named it, whose answer."""

    target: Target
    settings: Settings
    origin: Target | None = None
    depth: int = 0
    """How many answers lie between the user and this target."""
    shunned: frozenset[AddressKind] = frozenset()

    @property
    def mark(self) -> tuple[Target, Credential | None]:
        """What makes two orders the same work."""
        return self.target, self.settings.credential


DEEPEST = 3
"""A room server names an ICE endpoint, which names a TURN server: nobody's answers need more."""


def orders(plan: Plan) -> tuple[Order, ...]:
    """What the user asked for, a target each."""
    return tuple(Order(target, plan.own.get(target, plan.settings)) for target in plan.targets)


def discreet(target: Target, settings: Settings) -> tuple[Target, Settings]:
    """`target` as it may be shown, and `settings` with the secret parameters that its URL held."""
    bare, told = without_secrets(target)
    if not told:
        return bare, settings
    return bare, msgspec.structs.replace(settings, query_secrets=tuple((name, Secret(value)) for name, value in told))


def led(plan: Plan, order: Order, where: Cell | None, lead: Lead) -> Order | None:
    """The order that follows from an answer; None where it points to a place to which no answer may send us.

    Whoever checks a server on loopback may be led to loopback. Of the settings those of the whole run go on; the
    credential is the answer's own, as secrets of one server are not told to another.
    """
    here = where.address.kind if where else None
    shunned = order.shunned if order.depth else NOT_BY_HEARSAY - {here}
    if order.settings.written is not None:
        return _listed(plan, order, lead)
    if lead.target.is_literal and kind_of(lead.target.host) in shunned:
        return None
    settings = msgspec.structs.replace(
        order.settings,
        credential=lead.credential,
        credential_origin=f"the answer of {order.target}" if lead.credential else None,
        minted=False,
        api_secret=None,
        query_secrets=lead.query_secrets,
        relay_ports=_declared_ports(plan, lead.target),
        expect=Expectations(
            page=order.settings.expect.page or lead.page,
            min_cert_days=order.settings.expect.min_cert_days,
            method=lead.method,
        ),
    )
    return Order(lead.target, settings, order.target, order.depth + 1, shunned)


def _declared_ports(plan: Plan, target: Target) -> tuple[int, int] | None:
    """The relay's port range as the user declares it for another target on the same host."""
    declared = (plan.own.get(each, plan.settings).relay_ports for each in plan.targets if each.host == target.host)
    return next((ports for ports in declared if ports), None)


def _listed(plan: Plan, order: Order, lead: Lead) -> Order:
    """A server of a list that the user wrote down: as good as named by the user, with what the list's entry says."""
    settings = msgspec.structs.replace(
        order.settings,
        credential=lead.credential,
        credential_origin=str(order.target) if lead.credential else None,
        minted=False,
        written=None,
        relay_ports=_declared_ports(plan, lead.target),
    )
    return Order(lead.target, settings, order.target)


def sides(plan: Plan, resolved: Iterable[tuple[Target, Destinations]]) -> tuple[Side, ...]:
    """This host's sides: one a family, or one for each of `plan.sources`, with the servers that it can ask over UDP."""
    servers = tuple(
        dict.fromkeys(
            Server(target, found.address)
            for target, destinations in resolved
            for found in destinations.found
            if found.transport == "udp"
        )
    )
    seats: list[tuple[Family, Address | None]] = (
        [(source.family, source) for source in plan.sources]
        if plan.sources
        else [(family, None) for family in plan.families]
    )
    found = ((family, source, _of_family(servers, family)) for family, source in seats if family in plan.families)
    return tuple(Side(family, source, asked) for family, source, asked in found if asked)


def _of_family(servers: tuple[Server, ...], family: Family) -> tuple[Server, ...]:
    """One server an address: two names for it would not see anything different."""
    by_address = {server.address: server for server in reversed(servers) if server.address.family == family}
    return tuple(by_address.values())[::-1]


def for_host(probes: Iterable[Probe[Any]]) -> tuple[Probe[Any], ...]:
    """The probes of one side of this host. Raises ValueError on a circle."""
    return _ordered(probe for probe in probes if probe.scope == "host")


def cells(target: Target, destinations: Destinations, families: tuple[Family, ...]) -> tuple[Cell, ...]:
    """One cell for each transport at each address, those of other families left out."""
    return tuple(
        Cell(target.with_transport(found.transport), target, found.transport, found.address)
        for found in dict.fromkeys(destinations.found)
        if found.address.family in families
    )


def for_target(
    probes: Iterable[Probe[Any]], target: Target, scope: Literal["target", "spare"] = "target"
) -> tuple[Probe[Any], ...]:
    """The probes that are put to `target` once, as a whole; `spare` for a target that nobody named."""
    return _ordered(probe for probe in probes if probe.scope == scope and target.scheme in probe.schemes)


def for_cell(probes: Iterable[Probe[Any]], cell: Cell, settings: Settings) -> tuple[Probe[Any], ...]:
    """The wanted probes of one cell's ladder, each after those that it depends on. Raises ValueError on a circle."""
    return _ordered(probe for probe in probes if _fits(probe, cell) and probe.wanted(settings))


def _fits(probe: Probe[Any], cell: Cell) -> bool:
    known = cell.target.scheme in probe.schemes and cell.transport in probe.transports
    return probe.scope == "cell" and known and probe.about(cell.target)


def dependencies(probe: Probe[Any], ladder: tuple[Probe[Any], ...]) -> tuple[str, ...]:
    """The ids of the probes in `ladder` that must have ended before `probe` begins."""
    return tuple(
        other.id for other in ladder if other.id in probe.after or any(thing in probe.needs for thing in other.gives)
    )


def giver(ladder: tuple[Probe[Any], ...], thing: type[Any]) -> str:
    """The id of the probe in `ladder` that gives `thing`."""
    return next((other.id for other in ladder if thing in other.gives), thing.__name__)


def literal(target: Target) -> Destinations | None:
    """Where a target with an IP literal leads; None where a name must be resolved first."""
    if not target.is_literal or target.first_port is None:
        return None
    address = Address(target.host, target.first_port)
    return Destinations(tuple(Destination(transport, address) for transport in transports(target)))


def _ordered(chosen: Iterable[Probe[Any]]) -> tuple[Probe[Any], ...]:
    waiting = sorted(chosen, key=lambda probe: (probe.rung, probe.id))
    everyone = tuple(waiting)
    ladder: list[Probe[Any]] = []
    while waiting:
        placed = {probe.id for probe in ladder}
        ready = [probe for probe in waiting if placed.issuperset(dependencies(probe, everyone))]
        if not ready:
            raise ValueError(f"probes wait for each other: {', '.join(probe.id for probe in waiting)}")
        ladder += ready
        waiting = [probe for probe in waiting if probe not in ready]
    return tuple(ladder)
