"""The emulated NAT against the definitions of RFC 4787, over random histories of packets."""

from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.behaviour import Behaviour
from tests.lab.nat import Nat
from tests.lab.packets import Endpoint, Packet, endpoint, udp

INSIDE = tuple(endpoint(f"10.7.0.{host}", port) for host in (2, 3) for port in (5000, 5001))
OUTSIDE = tuple(endpoint(f"192.0.2.{host}", port) for host in (34, 35) for port in (3478, 3479))
POOL = ("198.51.100.20", "198.51.100.21")
LIFETIME_S = 60.0

MAPPINGS = ("none", "endpoint-independent", "address-dependent", "address-and-port-dependent")
FILTERINGS = ("endpoint-independent", "address-dependent", "address-and-port-dependent")


class Out(NamedTuple):
    """An inside endpoint writes to an outside one after some seconds."""

    wait_s: float
    source: Endpoint
    to: Endpoint


class In(NamedTuple):
    """An outside endpoint writes to the mapping that the n-th packet before got."""

    wait_s: float
    source: Endpoint
    back: int


WAITS = st.sampled_from((0.0, 1.0, 25.0, 59.0, 61.0))
STEPS = st.lists(
    st.one_of(
        st.builds(Out, WAITS, st.sampled_from(INSIDE), st.sampled_from(OUTSIDE)),
        st.builds(In, WAITS, st.sampled_from(OUTSIDE), st.integers(0, 5)),
    ),
    max_size=25,
)
BEHAVIOURS = st.builds(
    Behaviour,
    mapping=st.sampled_from(MAPPINGS),
    filtering=st.sampled_from(FILTERINGS),
    ports=st.sampled_from(("preserving", "random", "sequential", "parity")),
    pooling=st.sampled_from(("paired", "arbitrary")),
    refresh=st.sampled_from(("outbound", "inbound", "both")),
    pool=st.just(POOL),
    lifetime_s=st.just(LIFETIME_S),
    seed=st.integers(0, 1000),
)


def mapping_scope(mapping: str, source: Endpoint, to: Endpoint) -> tuple[object, ...]:
    """What packets must share to share a mapping: RFC 4787 section 4.1."""
    shared = {"address-dependent": (to.host,), "address-and-port-dependent": (to.host, to.port)}
    return (source, *shared.get(mapping, ()))


def filter_scope(filtering: str, remote: Endpoint) -> tuple[object, ...]:
    """What a remote endpoint must share with one that was written to: RFC 4787 section 5."""
    shared = {"address-dependent": (remote.host,), "address-and-port-dependent": (remote.host, remote.port)}
    return shared.get(filtering, ())


class Definitions:
    """The RFC's words as a list of what happened: slow, and plainly right."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.mappings: dict[Endpoint, tuple[object, ...]] = {}
        self.alive_until: dict[tuple[object, ...], float] = {}
        self.sessions: dict[tuple[tuple[object, ...], Endpoint], float] = {}

    def wrote(self, source: Endpoint, to: Endpoint, external: Endpoint, now: float) -> None:
        """Holds the NAT to its mappings, and keeps alive what an outbound packet keeps alive."""
        scope = mapping_scope(self.behaviour.mapping, source, to)
        if self.alive_until.get(scope, now) <= now:
            self._forget(scope)
            others = {other for other, its in self.mappings.items() if self.alive_until[its] > now}
            assert external not in others, "two live mappings share an external endpoint"
            self.mappings[external] = scope
        assert self.mappings.get(external) == scope, "one mapping for one scope"
        is_new = self.sessions.get((scope, to), now) <= now
        if is_new or self.behaviour.refresh != "inbound":
            self.alive_until[scope] = now + LIFETIME_S
            self.sessions[scope, to] = now + LIFETIME_S

    def lets_in(self, remote: Endpoint, external: Endpoint, now: float) -> bool:
        """Whether a packet must come in, with what it keeps alive."""
        scope = self.mappings[external]
        if self.alive_until[scope] <= now:
            return False
        wanted = filter_scope(self.behaviour.filtering, remote)
        written = [to for (its, to), until in self.sessions.items() if its == scope and until > now]
        if self.behaviour.filtering != "endpoint-independent" and wanted not in [
            filter_scope(self.behaviour.filtering, to) for to in written
        ]:
            return False
        if self.behaviour.refresh != "outbound":
            self.alive_until[scope] = now + LIFETIME_S
            if remote in written:
                self.sessions[scope, remote] = now + LIFETIME_S
        return True

    def _forget(self, scope: tuple[object, ...]) -> None:
        self.mappings = {external: its for external, its in self.mappings.items() if its != scope}
        self.sessions = {key: until for key, until in self.sessions.items() if key[0] != scope}


def sent(nat: Nat, source: Endpoint, to: Endpoint, now: float) -> Packet:
    """The one packet that leaves on the far side."""
    (emission,) = nat.outbound(udp(source, to), now)
    assert emission.side == "far"
    return emission.packet


@given(BEHAVIOURS, STEPS)
def test_every_history_goes_as_rfc_4787_defines(behaviour: Behaviour, steps: list[Out | In]) -> None:
    nat, words, now = Nat(behaviour), Definitions(behaviour), 0.0
    seen: list[tuple[Endpoint, Endpoint]] = []
    for step in steps:
        now += step.wait_s
        if isinstance(step, Out):
            external = sent(nat, step.source, step.to, now).source
            words.wrote(step.source, step.to, external, now)
            seen.append((external, step.source))
        elif seen:
            external, inside = seen[-1 - step.back % len(seen)]
            if external not in words.mappings:
                continue
            got = nat.inbound(udp(step.source, external), now)
            assert bool(got) is words.lets_in(step.source, external, now)
            owner = words.mappings[external][0]
            assert not got or (got[0].side, got[0].packet.destination) == ("near", owner)
            assert got or inside is not None


@given(BEHAVIOURS, st.lists(st.sampled_from(INSIDE), min_size=1, max_size=8))
def test_ports_and_addresses_are_allocated_as_told(behaviour: Behaviour, sources: list[Endpoint]) -> None:
    nat = Nat(msgspec.structs.replace(behaviour, mapping="address-and-port-dependent"))
    made = {(source, to): sent(nat, source, to, 0.0).source for source in sources for to in OUTSIDE}
    hosts = {(source.host, external.host) for (source, _), external in made.items()}
    if behaviour.pooling == "paired":
        assert len(hosts) == len({host for host, _ in hosts})
    if behaviour.ports == "parity":
        assert all(source.port % 2 == external.port % 2 for (source, _), external in made.items())
    if behaviour.ports == "sequential":
        first = behaviour.port_range[0]
        assert sorted(external.port for external in made.values()) == list(range(first, first + len(made)))


@pytest.mark.parametrize("mapping", MAPPINGS)
@given(data=st.data())
def test_how_a_mapping_is_shared_does_not_depend_on_the_filter(mapping: str, data: st.DataObject) -> None:
    pairs = data.draw(st.lists(st.tuples(st.sampled_from(INSIDE), st.sampled_from(OUTSIDE)), min_size=2, max_size=10))
    behaviours = (
        msgspec.convert({"mapping": mapping, "filtering": each, "pool": POOL}, Behaviour) for each in FILTERINGS
    )
    runs = [[sent(nat, source, to, 0.0).source for source, to in pairs] for nat in map(Nat, behaviours)]
    assert runs[0] == runs[1] == runs[2]
