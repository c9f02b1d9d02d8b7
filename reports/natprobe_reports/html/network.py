"""This host's NAT as pictures, and its candidates as tables."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from natprobe.model import Check, NatBehaviour, Report
from natprobe_reports.proof import nat_words
from natprobe_reports.text_network import nat_details

_MOST_SEEN = 12

_MAPPING_WORDS = {
    "none": "No NAT: every destination sees this host's own address.",
    "endpoint-independent": "Every destination sees the same public port.",
    "address-dependent": "Each destination address sees a public port of its own.",
    "address-and-port-dependent": "Each destination address and port sees a public port of its own.",
}
_FILTERING_WORDS = {
    "open": "Anybody may send to the public port.",
    "endpoint-independent": "Anybody may send to the public port.",
    "address-dependent": "Only addresses that this host has sent to get in.",
    "address-and-port-dependent": "Only addresses and ports that this host has sent to get in.",
}
_PORTS = {
    "none": (1, 1, 1),
    "endpoint-independent": (1, 1, 1),
    "address-dependent": (1, 1, 2),
    "address-and-port-dependent": (1, 2, 3),
}
"""Which public port server A, another port of A, and server B see."""
_LET_IN: dict[str, tuple[bool | None, ...]] = {
    "open": (True, True, True),
    "endpoint-independent": (True, True, True),
    "address-dependent": (True, True, False),
    "address-and-port-dependent": (True, False, False),
}
"""Whether who was asked, other ports of the same host, and a stranger get in."""
_LABELS = ("server A", "A, other port", "server B")
_SENDERS = ("who was asked", "its other ports", "a stranger")
_ROWS = (34, 80, 126)


class Way(NamedTuple):
    """One line of a picture: from the NAT's port at `port_y` to the party at `y`."""

    y: int
    port_y: int
    port: str
    label: str
    state: str
    """open, shut or unknown."""


class Picture(NamedTuple):
    """What stands in the middle, the lines through it, and all of it as a sentence."""

    box: str
    """nat, firewall, none or unknown."""
    ways: tuple[Way, ...]
    words: str


class Seen(NamedTuple):
    """What one server saw of this host."""

    server: str
    mapped: str


class NatView(NamedTuple):
    """One address family."""

    family: str
    words: str
    local: str
    mapped: str
    mapping: Picture
    filtering: Picture
    details: tuple[tuple[str, str], ...]
    seen: tuple[Seen, ...]


def nats(report: Report) -> tuple[NatView, ...]:
    """The families that were asked about."""
    known = (("IPv4", report.nat.ipv4), ("IPv6", report.nat.ipv6)) if report.nat else ()
    return tuple(_view(family, nat, report) for family, nat in known if nat is not None)


def _view(family: str, nat: NatBehaviour, report: Report) -> NatView:
    return NatView(
        family=family,
        words=nat_words(nat),
        local=str(nat.local) if nat.local else "address not known",
        mapped=str(nat.mapped) if nat.mapped else "address not known",
        mapping=_blocked() if nat.type == "udp-blocked" else _mapping(nat),
        filtering=_filtering(nat),
        details=tuple(each for each in nat_details(nat) if each[0] != "addresses"),
        seen=tuple(_seen(report.checks, family)),
    )


def _mapping(nat: NatBehaviour) -> Picture:
    ports = _PORTS.get(nat.mapping)
    words = _MAPPING_WORDS.get(nat.mapping, "How this NAT maps is not known.")
    if ports is None:
        ways = tuple(Way(y, y, "?", label, "unknown") for y, label in zip(_ROWS, _LABELS, strict=True))
        return Picture("unknown", ways, words)
    heights = {port: _height(port, ports) for port in ports}
    ways = tuple(
        Way(y, heights[port], str(port), label, "open") for y, label, port in zip(_ROWS, _LABELS, ports, strict=True)
    )
    return Picture("none" if nat.mapping == "none" else "nat", ways, words)


def _height(port: int, ports: tuple[int, ...]) -> int:
    """Halfway between those who see it."""
    own = [y for y, each in zip(_ROWS, ports, strict=True) if each == port]
    return sum(own) // len(own)


def _blocked() -> Picture:
    ways = tuple(Way(y, y, "", label, "shut") for y, label in zip(_ROWS, _LABELS, strict=True))
    return Picture("firewall", ways, "UDP does not leave this network.")


def _filtering(nat: NatBehaviour) -> Picture:
    unknown = "What comes in was not asked, as UDP does not get out." if nat.type == "udp-blocked" else None
    let_in = _LET_IN.get(nat.filtering, (None, None, None))
    words = _FILTERING_WORDS.get(nat.filtering, unknown or "Who may send to this host is not known.")
    ways = tuple(Way(y, y, "", label, _STATES[state]) for y, label, state in zip(_ROWS, _SENDERS, let_in, strict=True))
    return Picture(_box(nat), ways, words)


def _box(nat: NatBehaviour) -> str:
    if nat.mapping != "none":
        return "unknown" if nat.filtering not in _LET_IN else "nat"
    return "none" if nat.filtering in ("open", "endpoint-independent") else "firewall"


def _seen(checks: tuple[Check, ...], family: str) -> Iterator[Seen]:
    """What the servers of `nat.mapping` saw, out of its evidence."""
    for check in checks:
        if check.id == "nat.mapping" and family in (check.target, check.asked):
            soundings = [*_items(check.evidence, "soundings"), *_items(check.evidence, "alternates")]
            told = (pair for sounding in soundings for pair in _pairs(sounding))
            yield from list(dict.fromkeys(told))[:_MOST_SEEN]


def _pairs(sounding: Mapping[str, Any]) -> Iterator[Seen]:
    for echo in _items(sounding, "echoes"):
        server, mapped = _address(sounding.get("to")), _address(echo.get("mapped"))
        if server and mapped:
            yield Seen(server, mapped)


def _items(holder: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = holder.get(name)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list | tuple) else []


def _address(value: Any) -> str | None:
    if not isinstance(value, Mapping) or "host" not in value or "port" not in value:
        return None
    host, port = str(value["host"]), value["port"]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


_STATES = {True: "open", False: "shut", None: "unknown"}
