"""What Chromium gathers, and what may differ: a closed list, each entry explained by gather's own text."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

from tests.lab.browser import Browser
from tests.lab.layout import INTERNET_IPV4


class Seen(NamedTuple):
    """What is compared of a candidate; the host of a random .local name is that suffix alone."""

    kind: str
    protocol: str
    host: str
    relay_protocol: str | None = None


class Gathered(NamedTuple):
    """One gathering of Chromium's."""

    order: tuple[Seen, ...]
    """By priority, the highest first."""
    failed: frozenset[str]
    """The URLs of its `icecandidateerror` events."""
    complete: bool

    @property
    def candidates(self) -> frozenset[Seen]:
        """All of them."""
        return frozenset(self.order)


_GATHER = """
new Promise(done => {
  const told = {found: [], failed: [], complete: false};
  const pc = new RTCPeerConnection({iceServers: %s});
  let quiet;
  const end = () => { clearTimeout(quiet); pc.close(); done(told); };
  const wait = () => { clearTimeout(quiet); quiet = setTimeout(end, %d); };
  pc.onicecandidateerror = event => told.failed.push(event.url);
  pc.onicecandidate = ({candidate}) => {
    if (!candidate) { told.complete = true; return end(); }
    told.found.push({line: candidate.candidate, url: candidate.url});
    wait();
  };
  pc.createDataChannel("data");
  pc.setLocalDescription();
  wait();
})
"""
_ASK = "navigator.mediaDevices.getUserMedia({audio: true}).then(stream => stream.active)"
_MOST_S = 90.0


def gather(browser: Browser, servers: Sequence[Mapping[str, Any]], quiet_s: float) -> Gathered:
    """What the page finds until it is complete, or until nothing more has come for so many seconds."""
    told = browser.evaluate(_GATHER % (json.dumps(servers), quiet_s * 1000), _MOST_S)
    return Gathered(
        _by_priority((int(each["line"].split()[3]), _seen(each["line"], each["url"])) for each in told["found"]),
        frozenset(told["failed"]),
        told["complete"],
    )


class Relay(NamedTuple):
    """What is compared of a relay on a host without a NAT, where the related address tells which link asked."""

    protocol: str
    related: str


def relays(browser: Browser, servers: Sequence[Mapping[str, Any]], quiet_s: float) -> tuple[Relay, ...]:
    """The page's relays, the highest priority first; those of two links differ in their related address alone."""
    told = browser.evaluate(_GATHER % (json.dumps(servers), quiet_s * 1000), _MOST_S)
    found = [(each["line"].split(), each["url"]) for each in told["found"] if " typ relay " in each["line"]]
    best = sorted(found, key=lambda each: -int(each[0][3]))
    return tuple(Relay(_relay_protocol(url), words[words.index("raddr") + 1]) for words, url in best)


def relays_of_natprobe(report: Mapping[str, Any]) -> tuple[Relay, ...]:
    """The same of natprobe's report."""
    found = [each for each in report["candidates"] if each["type"] == "relay"]
    best = sorted(found, key=lambda each: -each["priority"])
    return tuple(Relay(each["relay_protocol"], each["related"]["host"]) for each in best)


def allow_microphone(browser: Browser, page: Path) -> None:
    """Asks for it, as a page of calls does; before this the page is a blank one."""
    browser.open(page)
    assert browser.evaluate(_ASK)


def _seen(line: str, url: str | None) -> Seen:
    words = line.split()
    kind, protocol, host = words[7], words[2].lower(), words[4]
    if host.endswith(".local"):
        return Seen(kind, protocol, ".local")
    relay = _relay_protocol(url or "") if kind == "relay" else None
    return Seen(kind, protocol, str(ip_address(host)), relay)


def _relay_protocol(url: str) -> str:
    """Not of the event's own `relayProtocol`: Chromium 156 leaves it null where it is udp."""
    if url.startswith("turns:"):
        return "tls"
    return "tcp" if url.endswith("transport=tcp") else "udp"


def _by_priority(found: Iterable[tuple[int, Seen]]) -> tuple[Seen, ...]:
    return tuple(dict.fromkeys(seen for _, seen in sorted(found, reverse=True)))


def order_of_natprobe(report: Mapping[str, Any]) -> tuple[Seen, ...]:
    """The same of natprobe's report, the highest priority first."""
    return _by_priority(
        (each["priority"], Seen(each["type"], each["protocol"], each["address"]["host"], each.get("relay_protocol")))
        for each in report["candidates"]
    )


def of_natprobe(report: Mapping[str, Any]) -> frozenset[Seen]:
    """The same without an order."""
    return frozenset(order_of_natprobe(report))


Change = Callable[[frozenset[Seen], Mapping[str, Any]], frozenset[Seen]]
"""From natprobe's candidates (and its report) to what Chromium shows instead."""


def explained(report: Mapping[str, Any], *, microphone: bool) -> frozenset[Seen]:
    """natprobe's candidates, changed as its own notes about browsers say and in no other way."""
    notes = next(check["evidence"]["browser"] for check in report["checks"] if check["id"] == "ice.candidates")
    expected = of_natprobe(report)
    for words, change in _ALLOWED if microphone else _UNASKED:
        if any(words in note for note in notes):
            expected = change(expected, report)
    return expected


def _hosts(report: Mapping[str, Any]) -> set[str]:
    return {each.host for each in of_natprobe(report) if each.kind == "host"}


def _names(ours: frozenset[Seen], _: Mapping[str, Any]) -> frozenset[Seen]:
    return frozenset(each._replace(host=".local") if each.kind == "host" else each for each in ours)


def _twins(ours: frozenset[Seen], report: Mapping[str, Any]) -> frozenset[Seen]:
    gathered = (check["evidence"]["views"] for check in report["checks"] if check["id"] == "ice.gather")
    mapped = {view["mapped"]["host"] for views in gathered for view in views if view.get("mapped")}
    return ours | {Seen("srflx", "udp", host) for host in mapped & _hosts(report)}


def _active_tcp(ours: frozenset[Seen], _: Mapping[str, Any]) -> frozenset[Seen]:
    return ours | {each._replace(protocol="tcp") for each in ours if each.kind == "host"}


def _udp_alone(ours: frozenset[Seen], report: Mapping[str, Any]) -> frozenset[Seen]:
    named = {
        Seen(each["type"], each["protocol"], each["address"]["host"], each["relay_protocol"])
        for each in report["candidates"]
        if each["type"] == "relay" and ("?transport=" in each["url"] or each["relay_protocol"] != "tcp")
    }
    return frozenset(each for each in ours if each.kind != "relay") | named


def _no_dtls(ours: frozenset[Seen], _: Mapping[str, Any]) -> frozenset[Seen]:
    return frozenset(each for each in ours if each.relay_protocol != "dtls")


def _no_family(ours: frozenset[Seen], _: Mapping[str, Any]) -> frozenset[Seen]:
    return frozenset(each._replace(host=RELAY_IPV4) if each.kind == "relay" else each for each in ours)


RELAY_IPV4 = INTERNET_IPV4[0]
"""The IPv4 address of the relays in these tests."""
_ALWAYS: tuple[tuple[str, Change], ...] = (
    ("UDP alone", _udp_alone),
    ("do not use TURN over DTLS", _no_dtls),
    ("asks for no address family", _no_family),
)
_UNASKED = (
    ("host candidates as random .local names", _names),
    ("this host's own public address as a reflexive candidate", _twins),
    *_ALWAYS,
)
_ALLOWED = (("also lists a TCP candidate with port 9", _active_tcp), *_ALWAYS)
