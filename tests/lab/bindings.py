"""A NAT's memory: which internal endpoint has which external one, who was written to, and until when (RFC 4787)."""

import random
import zlib
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

from tests.lab.behaviour import Behaviour
from tests.lab.packets import Endpoint, pack

_TRIES = 2000


@dataclass(slots=True, eq=False)
class Binding:
    """One mapping, and the sessions through it."""

    internal: Endpoint
    external: Endpoint
    key: Hashable
    expires: float
    sessions: dict[Endpoint, float] = field(default_factory=dict)
    """Remote endpoints that were written to, each with the end of its filter entry."""

    def knows(self, remote: Endpoint, now: float) -> bool:
        """Whether this very endpoint was written to."""
        return self.sessions.get(remote, now) > now

    def knows_host(self, host: bytes, now: float) -> bool:
        """Whether any port of this host was written to."""
        return any(remote.host == host and until > now for remote, until in self.sessions.items())


class Bindings:
    """The bindings of one protocol through one NAT."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._pool = tuple(pack(host) for host in behaviour.pool)
        self._by_key: dict[Hashable, Binding] = {}
        self._by_external: dict[Endpoint, Binding] = {}
        self._random = random.Random(behaviour.seed)  # noqa: S311 - ports of a test need no secrecy
        self._next_port = behaviour.port_range[0]
        self._second: tuple[int, int] = (0, 0)

    def __len__(self) -> int:
        return len(self._by_key)

    def outbound(self, internal: Endpoint, remote: Endpoint, now: float) -> Binding | None:
        """The binding of a packet from `internal` to `remote`, made or kept alive by it; None where none is left."""
        binding = self.find(internal, remote, now) or self._create(internal, self._key(internal, remote), now)
        if binding is None:
            return None
        until = now + self._behaviour.lifetime_s
        is_new = not binding.knows(remote, now)
        if is_new or self._behaviour.refresh != "inbound":
            binding.sessions[remote] = until
            binding.expires = max(binding.expires, until)
        return binding

    def inbound(self, external: Endpoint, remote: Endpoint, now: float) -> Binding | None:
        """The binding through which a packet from `remote` to `external` may come in; None where it may not."""
        binding = self.at(external, now) or self._opened(external, remote, now)
        if binding is None or not self._lets_in(binding, remote, now):
            return None
        if self._behaviour.refresh != "outbound":
            binding.expires = now + self._behaviour.lifetime_s
            if binding.knows(remote, now):
                binding.sessions[remote] = binding.expires
        return binding

    def find(self, internal: Endpoint, remote: Endpoint, now: float) -> Binding | None:
        """The live binding for this direction, if there is one; changes nothing."""
        return self._live(self._by_key.get(self._key(internal, remote)), now)

    def at(self, external: Endpoint, now: float) -> Binding | None:
        """The live binding that has this external endpoint."""
        return self._live(self._by_external.get(external), now)

    def _key(self, internal: Endpoint, remote: Endpoint) -> Hashable:
        match self._behaviour.mapping:
            case "address-dependent":
                return internal, remote.host
            case "address-and-port-dependent":
                return internal, remote
            case _:
                return internal

    def _live(self, binding: Binding | None, now: float) -> Binding | None:
        if binding is None or binding.expires > now:
            return binding
        del self._by_key[binding.key]
        del self._by_external[binding.external]
        return None

    def _lets_in(self, binding: Binding, remote: Endpoint, now: float) -> bool:
        match self._behaviour.filtering:
            case "address-dependent":
                return any(each.knows_host(remote.host, now) for each in self._scope(binding, now))
            case "address-and-port-dependent":
                return any(each.knows(remote, now) for each in self._scope(binding, now))
            case _:
                return True

    def _scope(self, binding: Binding, now: float) -> Iterator[Binding]:
        if self._behaviour.filter_scope == "mapping":
            yield binding
            return
        yield from (each for each in self._by_key.values() if each.internal == binding.internal and each.expires > now)

    def _opened(self, external: Endpoint, remote: Endpoint, now: float) -> Binding | None:
        """What an open filter lets in unasked goes to the DMZ, or straight through where nothing is translated."""
        if self._behaviour.filtering != "open":
            return None
        if self._behaviour.mapping == "none":
            return self._keep(external, external, self._key(external, remote), now)
        if self._behaviour.dmz is None:
            return None
        internal = Endpoint(pack(self._behaviour.dmz), external.port)
        key = self._key(internal, remote)
        return None if key in self._by_key else self._keep(internal, external, key, now)

    def _create(self, internal: Endpoint, key: Hashable, now: float) -> Binding | None:
        if self._is_hurried(now):
            return None
        external = self._external(internal, now)
        return None if external is None else self._keep(internal, external, key, now)

    def _keep(self, internal: Endpoint, external: Endpoint, key: Hashable, now: float) -> Binding:
        binding = Binding(internal, external, key, now + self._behaviour.lifetime_s)
        self._by_key[key] = self._by_external[external] = binding
        return binding

    def _is_hurried(self, now: float) -> bool:
        if self._behaviour.bindings_per_s is None:
            return False
        second, made = self._second
        self._second = (int(now), made + 1 if second == int(now) else 1)
        return self._second[1] > self._behaviour.bindings_per_s

    def _external(self, internal: Endpoint, now: float) -> Endpoint | None:
        if self._behaviour.mapping == "none":
            return internal
        host = self._host(internal.host)
        ports = self._ports(internal.port)
        return next((end for port in ports if self.at(end := Endpoint(host, port), now) is None), None)

    def _host(self, internal: bytes) -> bytes:
        if self._behaviour.pooling == "arbitrary":
            return self._random.choice(self._pool)
        return self._pool[zlib.crc32(internal) % len(self._pool)]

    def _ports(self, wanted: int) -> Iterator[int]:
        """Ports to try, the one that the NAT likes best first."""
        first, last = self._behaviour.port_range
        if self._behaviour.ports == "sequential":
            for _ in range(_TRIES):
                port, self._next_port = self._next_port, first if self._next_port >= last else self._next_port + 1
                yield port
            return
        if self._behaviour.ports == "preserving":
            yield wanted
        parity = self._behaviour.ports == "parity"
        for _ in range(_TRIES):
            port = self._random.randint(first, last)
            if not parity or port % 2 == wanted % 2:
                yield port
