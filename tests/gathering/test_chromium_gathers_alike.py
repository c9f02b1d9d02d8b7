"""Behind every kind of NAT, and with UDP blocked: a real Chromium with the same servers has the same candidates.

What differs, natprobe's own notes explain; they alone are applied before the comparison.
"""

import base64
import hashlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path as File
from queue import SimpleQueue
from typing import Any, Final, NamedTuple

import pytest

from tests.gathering.of_chromium import (
    RELAY_IPV4,
    Gathered,
    Seen,
    allow_microphone,
    explained,
    gather,
    of_natprobe,
    order_of_natprobe,
)
from tests.lab.behaviour import Behaviour, Path
from tests.lab.behaviour import Mapping as Mapped
from tests.lab.browser import ALLOWS_MICROPHONE, SHOWS_ADDRESSES, Browser
from tests.lab.certificates import Authority
from tests.lab.coturn import LONG_TERM, PASSWORD, USER, Coturn
from tests.lab.layout import INTERNET_IPV6
from tests.lab.linuxnat import LinuxPath, LinuxRouter
from tests.lab.namespace import Namespace, shell
from tests.lab.natworld import EmulatedHost, NatWorld
from tests.lab.world import natprobe_command

pytestmark = [pytest.mark.lab, pytest.mark.tun, pytest.mark.chromium, pytest.mark.timeout(240)]

_HOSTS = 3
_PATIENT = "NATPROBE_WAIT_FOR_CHROMIUM" in os.environ
_QUIET_S = 60.0 if _PATIENT else 3.0
"""Chromium 156 waits 40 s for a server that is silent; the candidates are there at once."""
_TURN, _TURN_IPV6 = f"turn:{RELAY_IPV4}:3600", f"turn:[{INTERNET_IPV6[0]}]:3600"
_OPEN = Behaviour(mapping="none", filtering="open")
_FIREWALL = Behaviour(mapping="none")


def _behind(mapping: Mapped, *more: Behaviour, **knobs: Any) -> Path:
    return Path(ipv4=(Behaviour(mapping=mapping, **knobs), *more), ipv6=(_FIREWALL,))


_EIM: Final = "endpoint-independent"
_ADM: Final = "address-dependent"
_APDM: Final = "address-and-port-dependent"
EMULATED = {
    "public": Path(ipv4=(_OPEN,), ipv6=(_OPEN,)),
    "firewalled": Path(ipv4=(_FIREWALL,), ipv6=(_FIREWALL,)),
    "full-cone": _behind(_EIM, filtering="endpoint-independent"),
    "restricted-cone": _behind(_EIM, filtering="address-dependent"),
    "port-restricted-cone": _behind(_EIM),
    "address-dependent": _behind(_ADM, filtering="address-dependent"),
    "symmetric": _behind(_APDM),
    "two-nats": _behind(_EIM, Behaviour(mapping=_APDM)),
    "both-families": Path(ipv4=(Behaviour(),), ipv6=(Behaviour(),)),
    "ipv4-alone": Path(ipv4=(Behaviour(),)),
}
BLOCKED = {word: Path(ipv4=(Behaviour(udp=word),)) for word in ("dropped", "rejected")}
LINUX = {
    "linux-masquerade": LinuxPath(),
    "linux-symmetric": LinuxPath(ipv4=LinuxRouter(translation="random")),
    "linux-blocked": LinuxPath(ipv4=LinuxRouter(udp="dropped"), ipv6=LinuxRouter(translation="none", udp="dropped")),
}


class Compared(NamedTuple):
    """One place, seen by natprobe and by Chromium."""

    report: dict[str, Any]
    unasked: Gathered
    allowed: Gathered
    """Of a page that may use the microphone."""


class Stage:
    """The world, its TURN server, and what both programs are told."""

    def __init__(self, world: NatWorld, authority: Authority) -> None:
        certificate = authority.issue("good", RELAY_IPV4)
        own = (f"{what}={host}" for what in ("listening-ip", "relay-ip") for host in (RELAY_IPV4, INTERNET_IPV6[0]))
        Coturn(world, *own, "listening-port=3600", *certificate.options, *LONG_TERM, "no-rfc5780", where=world.internet)
        self._trust = f"--ignore-certificate-errors-spki-list={pin(certificate.chain)}"
        self._root = str(authority.root)
        self._page = world.new_file("page.html")
        self._page.write_text("<title>A page of the lab</title>\n")
        self._world = world

    def compare(self, box: Namespace, *, ipv6: bool) -> Compared:
        """Both programs gather at the same time."""
        servers = _servers(ipv6=ipv6)
        file = self._world.new_file("ice.json")
        file.write_text(json.dumps(servers))
        natprobe = natprobe_command("gather", "--ice-servers", str(file), "--ca-file", self._root, "--json")
        with (
            box.start(*natprobe) as running,
            Browser(self._world, box, self._trust, *ALLOWS_MICROPHONE) as browser,
        ):
            unasked = gather(browser, servers, _QUIET_S)
            allow_microphone(browser, self._page)
            allowed = gather(browser, servers, _QUIET_S)
            done = running.wait()
            assert done.stderr == ""
            return Compared(done.report, unasked, allowed)


def _servers(*, ipv6: bool) -> list[dict[str, Any]]:
    also = [f"{_TURN_IPV6}?transport=udp"] if ipv6 else []
    stuns = [f"stun:{RELAY_IPV4}", *([f"stun:[{INTERNET_IPV6[0]}]"] if ipv6 else [])]
    turns = [f"{_TURN}?transport=udp", f"{_TURN}?transport=tcp", f"turns:{RELAY_IPV4}?transport=tcp", *also]
    return [{"urls": stuns}, {"urls": turns, "username": USER, "credential": PASSWORD}]


def pin(chain: File) -> str:
    key = subprocess.run(
        ("openssl", "x509", "-in", str(chain), "-pubkey", "-noout"), capture_output=True, check=True
    ).stdout
    der = subprocess.run(
        ("openssl", "pkey", "-pubin", "-outform", "der"), input=key, capture_output=True, check=True
    ).stdout
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


@pytest.fixture(scope="module")
def compared(authority: Authority) -> Iterator[Mapping[str, Future[Compared]]]:
    """Every place, several at once: most of a run is waiting."""
    with NatWorld(_HOSTS) as world, ThreadPoolExecutor(_HOSTS) as emulated, ThreadPoolExecutor(1) as linux:
        stage, hosts = Stage(world, authority), SimpleQueue[EmulatedHost]()
        for host in world.hosts:
            hosts.put(host)

        def on_emulated(path: Path) -> Compared:
            host = hosts.get()
            try:
                host.use(path)
                return stage.compare(host.box, ipv6=bool(path.ipv6))
            finally:
                hosts.put(host)

        def on_linux(path: LinuxPath) -> Compared:
            return stage.compare(world.linux(path), ipv6=True)

        futures = {name: emulated.submit(on_emulated, path) for name, path in (BLOCKED | EMULATED).items()}
        yield futures | {name: linux.submit(on_linux, path) for name, path in LINUX.items()}
        emulated.shutdown(cancel_futures=True)
        linux.shutdown(cancel_futures=True)


@pytest.mark.parametrize("name", [*EMULATED, *BLOCKED, *LINUX])
def test_a_page_has_these_candidates(compared: Mapping[str, Future[Compared]], name: str) -> None:
    report, unasked, _ = compared[name].result()
    assert unasked.candidates == explained(report, microphone=False)


@pytest.mark.parametrize("name", [*EMULATED, *BLOCKED, *LINUX])
def test_a_page_that_may_use_the_microphone_has_these(compared: Mapping[str, Future[Compared]], name: str) -> None:
    report, _, allowed = compared[name].result()
    assert allowed.candidates == explained(report, microphone=True)


@pytest.mark.parametrize("name", [*EMULATED, *BLOCKED, *LINUX])
def test_what_both_have_stands_in_the_same_order_of_priority(
    compared: Mapping[str, Future[Compared]], name: str
) -> None:
    report, _, allowed = compared[name].result()
    ours = order_of_natprobe(report)
    assert [each for each in ours if each in allowed.candidates] == [each for each in allowed.order if each in ours]


@pytest.mark.parametrize("name", [*BLOCKED, "linux-blocked"])
def test_where_udp_is_blocked_both_relays_stand_and_chromium_has_not_given_up_yet(
    compared: Mapping[str, Future[Compared]], name: str
) -> None:
    report, unasked, _ = compared[name].result()
    assert {each.relay_protocol for each in of_natprobe(report) if each.kind == "relay"} == {"tcp", "tls"}
    missed = {each["url"] for each in report["candidate_errors"]}
    assert {f"stun:{RELAY_IPV4}", f"{_TURN}?transport=udp"} <= missed
    assert unasked.complete is _PATIENT
    if _PATIENT:
        assert {url.replace(":3478", "") for url in unasked.failed} >= missed


_SECOND_LINK = """\
link add wlan0 type veth peer name peer0
link set peer0 up
link set wlan0 up
addr add 10.99.0.5/24 dev wlan0
addr add 10.7.9.9/32 dev eth0
"""


def test_of_several_addresses_a_page_has_the_default_routes_alone_until_the_microphone_is_allowed() -> None:
    with NatWorld() as world:
        world.hosts[0].use(EMULATED["ipv4-alone"])
        shell(["ip", "-n", world.client.name, "-batch", "-"], _SECOND_LINK)
        page = world.new_file("page.html")
        page.touch()
        report = world.natprobe("gather", f"stun:{RELAY_IPV4}", "--json").report
        with Browser(world, world.client, *ALLOWS_MICROPHONE, SHOWS_ADDRESSES) as browser:
            unasked = gather(browser, [{"urls": f"stun:{RELAY_IPV4}"}], _QUIET_S)
            allow_microphone(browser, page)
            allowed = gather(browser, [{"urls": f"stun:{RELAY_IPV4}"}], _QUIET_S)
    assert _hosts(of_natprobe(report)) == {"10.7.0.2", "10.7.9.9", "10.99.0.5"}
    assert allowed.candidates == explained(report, microphone=True)
    assert _hosts(unasked.candidates) == {"10.7.0.2"}
    assert "from the address of the default route alone" in " ".join(_notes(report))


def _hosts(candidates: frozenset[Seen]) -> set[str]:
    return {each.host for each in candidates if each.kind == "host"}


def _notes(report: dict[str, Any]) -> list[str]:
    return [note for check in report["checks"] for note in check["evidence"].get("browser", ())]
