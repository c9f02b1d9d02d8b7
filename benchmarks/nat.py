"""Who tells the NAT truthfully, and how soon: natprobe, coturn's natdiscovery, pystun3, vovida's stun, side by side.

    python -m benchmarks.nat

Each program runs behind the lab's emulated NATs, at a round trip of 50 ms, against coturn with RFC 5780 and against
servers that lie. A verdict is right, wrong, or "unknown", which is not wrong. The time is the whole process's.
"""

import re
import shutil
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec

from benchmarks.child import Child, natprobe, run
from benchmarks.show import Row, arguments, show
from natprobe.wire.behaviour import Filtering, type_of
from tests.lab import ability
from tests.lab.behaviour import Behaviour, Path
from tests.lab.layout import INTERNET_IPV4
from tests.lab.liars import LIARS
from tests.lab.link import Shape
from tests.lab.natworld import EmulatedHost, NatWorld

RTT_MS: Final = 50.0
_PORT = 3478
_SECOND = f"stun:{INTERNET_IPV4[1]}:{LIARS['plain-2'].port}"


class Case(NamedTuple):
    """One NAT, one server, and the truth."""

    name: str
    truth: str
    behaviour: Behaviour
    port: int = _PORT
    loss: float = 0.0
    more: tuple[str, ...] = ()
    """Other servers for those who can ask several."""

    def path(self, seed: int) -> Path:
        """The way out, with dice of its own."""
        line = Shape(delay_ms=RTT_MS / 2, loss=self.loss)
        return Path(ipv4=(self.behaviour,), up=line, down=line).seeded(seed)


class Peer(NamedTuple):
    """A program: how it is called, and how its verdict is read."""

    name: str
    program: str
    command: Callable[[Case], Sequence[str]]
    verdict: Callable[[str], str]


_EIF = Behaviour(filtering="endpoint-independent")
_APDF = Behaviour()
CASES: Final = (
    Case("EIM/EIF", "full-cone", _EIF),
    Case("EIM/APDF", "port-restricted-cone", _APDF),
    Case("APDM/APDF", "symmetric", Behaviour(mapping="address-and-port-dependent")),
    Case("UDP dropped", "udp-blocked", Behaviour(udp="dropped"), more=(_SECOND,)),
    Case("EIM/EIF, OTHER-ADDRESS dead", "full-cone", _EIF, LIARS["other-host-shut"].port),
    Case("EIM/APDF, CHANGE-REQUEST ignored", "port-restricted-cone", _APDF, LIARS["change-ignored"].port),
    Case("EIM/EIF, 10 % loss each way", "full-cone", _EIF, loss=0.1),
    Case("EIM/APDF, 10 % loss each way", "port-restricted-cone", _APDF, loss=0.1),
)


def _ours(stdout: str) -> str:
    return str(msgspec.json.decode(stdout)["nat"]["ipv4"]["type"])


def _discovered(stdout: str) -> str:
    """What natdiscovery's sentences mean; without any answer it prints none, which people read as blocked."""
    words: dict[str, Filtering] = {
        "Endpoint Independent": "endpoint-independent",
        "Address Dependent": "address-dependent",
        "Address and Port Dependent": "address-and-port-dependent",
    }
    told = {match[2]: words[match[1]] for match in re.finditer(r"NAT with (.+) (Mapping|Filtering)!", stdout)}
    return type_of(told.get("Mapping", "unknown"), told.get("Filtering", "unknown"))


def _vovida(stdout: str) -> str:
    for said, word in (
        ("Independent Mapping, Independent Filter", "full-cone"),
        ("Independent Mapping, Address Dependent Filter", "restricted-cone"),
        ("Independent Mapping, Port Dependent Filter", "port-restricted-cone"),
        ("Dependent Mapping", "symmetric"),
        ("Blocked", "udp-blocked"),
        ("Open", "open-internet"),
        ("Firewall", "symmetric-udp-firewall"),
    ):
        if f"Primary: {said}" in stdout:
            return word
    return "unknown"


def _classic(stdout: str) -> str:
    return "unknown" if stdout.startswith("none") else stdout.strip()


PEERS: Final = (
    Peer(
        "natprobe nat", sys.executable,
        lambda case: natprobe("nat", "-4", "--json", f"stun:{INTERNET_IPV4[0]}:{case.port}", *case.more), _ours,
    ),
    Peer(
        "natdiscovery", "turnutils_natdiscovery",
        lambda case: ("turnutils_natdiscovery", "-m", "-f", "-p", str(case.port), INTERNET_IPV4[0]), _discovered,
    ),
    Peer(
        "pystun3 (held)", sys.executable,
        lambda case: (sys.executable, "-m", "benchmarks.pystun", INTERNET_IPV4[0], str(case.port)), _classic,
    ),
    Peer("stun (vovida)", "stun", lambda case: ("stun", f"{INTERNET_IPV4[0]}:{case.port}"), _vovida),
)  # fmt: skip


def main() -> None:
    """Plays every case with every program, and prints."""
    told = arguments(__doc__, runs=5)
    why = ability.missing("lab") or ability.missing("tun")
    if why is not None:
        sys.exit(why)
    peers = [peer for peer in PEERS if shutil.which(peer.program)]
    with NatWorld(1) as world:
        rows = [row for case in CASES for row in measure(world.hosts[0], case, peers, told.runs)]
    show(rows, as_json=told.json)


def measure(host: EmulatedHost, case: Case, peers: Sequence[Peer], runs: int) -> list[Row]:
    """One row a program. They take turns, so that a busy machine is unkind to all alike."""
    taken: dict[str, list[tuple[str, float]]] = {peer.name: [] for peer in peers}
    for number in range(runs):
        for peer in peers:
            host.use(case.path(number + 1))
            child = run(host.box.command(*peer.command(case)))
            taken[peer.name].append((_verdict(peer, child), child.wall_ms / 1000))
    ours_s = statistics.median(seconds for _, seconds in taken[peers[0].name])
    return [_row(case, peer, taken[peer.name], ours_s) for peer in peers]


def _verdict(peer: Peer, child: Child) -> str:
    try:
        return peer.verdict(child.stdout)
    except (msgspec.DecodeError, KeyError):
        return "unknown"


def _row(case: Case, peer: Peer, taken: list[tuple[str, float]], ours_s: float) -> Row:
    verdicts = Counter(verdict for verdict, _ in taken)
    right, unknown = verdicts[case.truth], verdicts["unknown"]
    seconds = statistics.median(each for _, each in taken)
    return {
        "case": case.name,
        "program": peer.name,
        "right": str(right),
        "unknown": str(unknown),
        "wrong": str(len(taken) - right - unknown),
        "says": ", ".join(word for word, _ in verdicts.most_common()),
        "seconds": seconds,
        "longest": max(each for _, each in taken),
        "ratio": seconds / ours_s,
    }


if __name__ == "__main__":
    main()
