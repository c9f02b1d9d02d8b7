"""The world in which NATs are judged: an internet with STUN servers, and hosts behind emulated or Linux's own NATs.

    host-0 ══ TUN: emulated routers ══ internet ── isp ── home ── linux

It is built once; a host gets another way out by a word to its emulator, and Linux's routers are raised anew (0.3 s).
"""

import ipaddress
import itertools
import sys
from collections.abc import Iterator

import msgspec

from tests.lab import natbox
from tests.lab.behaviour import Behaviour, Path
from tests.lab.coturn import LONG_TERM, Coturn
from tests.lab.layout import INTERNET_IPV4, INTERNET_IPV6, NAMESERVER_IPV4, SHUT_IPV4, THIRD_IPV4, UNREACHABLE_IPV4
from tests.lab.liars import BOTH, LIARS, ONLY_FIRST, ONLY_SECOND
from tests.lab.linuxnat import CLIENT, HOME, ISP, LinuxPath, wire_linux
from tests.lab.namespace import Namespace, remove, shell
from tests.lab.wiring import INTERNET, Box, Wiring
from tests.lab.world import World

COTURN = "coturn"
_TURN_PORT = 3578
_RELAYS = {"turn-1": ONLY_FIRST, "turn-2": ONLY_SECOND}
_SERVERS: dict[str, tuple[str, int, tuple[str, ...]]] = {
    COTURN: ("stun", 3478, BOTH),
    **{name: ("stun", liar.port, liar.hosts) for name, liar in LIARS.items()},
    **{name: ("turn", _TURN_PORT, hosts) for name, hosts in _RELAYS.items()},
}
"""Scheme, port and hosts of each server on the internet, by name."""
_SHUT = f"""\
table ip shut {{
  chain out {{
    type filter hook output priority filter;
    ip saddr {SHUT_IPV4} meta l4proto udp drop
  }}
}}
"""
_POOL_PREFIX = "2001:db8:100:{}::/64"


class Addresses(msgspec.Struct, frozen=True):
    """One host's share of the address space."""

    number: int

    @property
    def public(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Its public addresses, IPv4 and IPv6: the first is the host's own without a NAT, the others a NAT's pool."""
        ipv4 = ipaddress.ip_network(f"198.51.100.{16 * self.number}/28")
        ipv6 = ipaddress.ip_network(_POOL_PREFIX.format(self.number))
        return tuple(str(ipv4[n]) for n in range(2, 9)), tuple(str(ipv6[n]) for n in range(2, 9))

    @property
    def private(self) -> tuple[str, str]:
        """The host's own addresses behind a NAT."""
        return f"10.7.{self.number}.2", f"fd00:7:{self.number}::2"

    def own(self, path: Path) -> tuple[str, ...]:
        """The addresses that the host has with this way out: none of a family for which there is no router."""
        return tuple(
            self.private[family] if _translates(behaviours) else self.public[family][0]
            for family, behaviours in enumerate((path.ipv4, path.ipv6))
            if behaviours
        )

    def fill(self, path: Path, pool_size: int = 1, seed: int = 1) -> Path:
        """The path with what it leaves open: pools, routers, the host that an open filter leads to, dice for ports."""
        ipv4, ipv6 = (
            tuple(self._filled(behaviours, family, pool_size, seed))
            for family, behaviours in enumerate((path.ipv4, path.ipv6))
        )
        return msgspec.structs.replace(path, ipv4=ipv4, ipv6=ipv6)

    def _filled(self, behaviours: tuple[Behaviour, ...], family: int, pool_size: int, seed: int) -> Iterator[Behaviour]:
        own = self.private[family]
        for place, behaviour in enumerate(behaviours):
            router = _neighbour(own, -1)
            is_last = place == len(behaviours) - 1
            carrier = (f"100.64.{self.number}.2", f"fd00:64:{self.number}::2")[family]
            pool = self.public[family][1 : 1 + pool_size] if is_last else (carrier,)
            if behaviour.mapping == "none":
                pool = ()
            yield msgspec.structs.replace(
                behaviour, pool=behaviour.pool or pool, router=behaviour.router or router, dmz=own, seed=seed
            )
            own = carrier


class EmulatedHost:
    """A host in a namespace of its own; its only way out is an emulator."""

    def __init__(self, addresses: Addresses, box: Namespace, control: str) -> None:
        self._seeds = itertools.count(1)
        self.addresses = addresses
        self.box = box
        self._control = control

    def use(self, path: Path, pool_size: int = 1) -> Path:
        """Gives it another way out, nothing remembered; returns the path with its addresses."""
        # Ports never used before: coturn refuses an Allocate from where it had a client a moment ago (437).
        filled = self.addresses.fill(path, pool_size, next(self._seeds))
        # Down and up: with the device its old addresses and routes are gone, those of IPv6 too.
        lines = ["link set eth0 down", "addr flush dev eth0", "link set eth0 up"]
        for own in self.addresses.own(path):
            everything, nodad = ("::/0", "nodad") if ":" in own else ("0.0.0.0/0", "")
            lines += [f"addr add {ipaddress.ip_interface(own)} dev eth0 {nodad}", f"route add {everything} dev eth0"]
        shell(["ip", "-n", self.box.name, "-batch", "-"], "\n".join(lines) + "\n")
        natbox.tell(self._control, filled)
        return filled

    def trace(self) -> tuple[str, ...]:
        """What became of the last packets since `use`."""
        return natbox.tell(self._control)


class NatWorld(World):
    """The internet with its servers, and `hosts` of them behind emulated NATs."""

    def __init__(self, hosts: int = 1) -> None:
        self._count = hosts
        self._uplinks = itertools.count()
        self._uplink = ""
        super().__init__()
        self._serve()
        self.hosts = tuple(self._emulated(number) for number in range(hosts))

    @property
    def client(self) -> Namespace:
        """The first emulated host."""
        return self.hosts[0].box

    def linux(self, path: LinuxPath) -> Namespace:
        """Raises Linux's routers anew; returns the client behind them."""
        self._lower_linux()
        self._uplink = f"isp{next(self._uplinks)}"
        self._raise(wire_linux(path, self._uplink))
        return self[CLIENT]

    def _build(self) -> None:
        boxes = {INTERNET: self._internet(), **{_name(number): _host() for number in range(self._count)}}
        self._raise(Wiring(boxes=boxes, cables=()))

    @staticmethod
    def _internet() -> Box:
        box = Box(nft=_SHUT)
        box.forwards()
        hosts = (*INTERNET_IPV4, *INTERNET_IPV6, NAMESERVER_IPV4, SHUT_IPV4, THIRD_IPV4)
        box.device("lo", *(str(ipaddress.ip_interface(host)) for host in hosts))
        # What has no other way vanishes. A blackhole route would be an error for those who send from here, and
        # coturn 4.6.1 forgets a client whose relay cannot send.
        box.ip += ["link add void type veth peer name abyss", "link set void arp off"]
        box.ip += ["link set void up", "link set abyss up"]
        box.route("0.0.0.0/0", "dev void")
        box.route("::/0", "dev void")
        box.route(f"unreachable {UNREACHABLE_IPV4}/32", "")
        return box

    def _serve(self) -> None:
        Coturn(self, *(f"listening-ip={host}" for host in (*INTERNET_IPV4, *INTERNET_IPV6)), where=self.internet)
        for hosts in _RELAYS.values():
            own = (f"{what}={host}" for what in ("listening-ip", "relay-ip") for host in hosts)
            Coturn(self, *own, f"listening-port={_TURN_PORT}", "no-rfc5780", *LONG_TERM, where=self.internet)
        liars = self.keep(self.internet.start(sys.executable, "-m", "tests.lab.liars"))
        liars.wait_for("ready")

    def _emulated(self, number: int) -> EmulatedHost:
        near, far, box = f"near{number}", f"far{number}", self[_name(number)]
        control = str(self.new_file("control"))
        running = self.keep(self.internet.start(sys.executable, "-m", "tests.lab.natbox", near, far, control))
        running.wait_for("ready")
        shell(["ip", "-n", self.internet.name, "-batch", "-"], f"link set {near} netns {box.name} name eth0\n")
        addresses = Addresses(number)
        routes = (f"198.51.100.{16 * number}/28", _POOL_PREFIX.format(number))
        shell(
            ["ip", "-n", self.internet.name, "-batch", "-"],
            f"link set {far} up\n" + "".join(f"route add {target} dev {far}\n" for target in routes),
        )
        shell(["ip", "-n", box.name, "-batch", "-"], "link set eth0 up\n")
        return EmulatedHost(addresses, box, control)

    def _lower_linux(self) -> None:
        if not self._uplink:
            return
        # Its end in the internet goes first and at once: the kernel takes its time to end a namespace.
        shell(["ip", "-n", self.internet.name, "-batch", "-"], f"link del {self._uplink}\n")
        remove([self._boxes.pop(name).name for name in (CLIENT, HOME, ISP)])
        self._uplink = ""


def stun_uri(server: str, family: str) -> str:
    """Where a server of the internet is asked over "ipv4" or "ipv6"."""
    scheme, port, hosts = _SERVERS[server]
    host = next(host for host in hosts if (":" in host) is (family == "ipv6"))
    return f"{scheme}:[{host}]:{port}" if family == "ipv6" else f"{scheme}:{host}:{port}"


def _name(number: int) -> str:
    return f"host-{number}"


def _host() -> Box:
    return Box()


def _translates(behaviours: tuple[Behaviour, ...]) -> bool:
    return any(each.mapping != "none" for each in behaviours)


def _neighbour(host: str, step: int) -> str:
    return str(ipaddress.ip_address(host) + step)
