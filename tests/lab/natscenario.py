"""A scenario: the NAT's world and the answer that `natprobe nat` must give: a TOML file in tests/scenarios/nat."""

from collections.abc import Iterator, Mapping
from pathlib import Path as File
from typing import Any, Literal

import msgspec

from tests.lab.behaviour import Path
from tests.lab.coturn import PASSWORD, USER
from tests.lab.layout import Layer
from tests.lab.link import Shape
from tests.lab.linuxnat import LinuxPath
from tests.lab.namespace import Namespace
from tests.lab.natworld import COTURN, NatWorld, stun_uri
from tests.lab.world import natprobe_command

_LOSSY_DELAY_MS, _LOSSY_JITTER_MS = 10.0, 5.0
DIRECTORY = File(__file__).parents[1] / "scenarios" / "nat"

_FOLLOWS: dict[tuple[str, Any], tuple[str, ...]] = {
    ("mapping", "none"): ("nat-none",),
    ("mapping", "endpoint-independent"): ("nat-eim",),
    ("mapping", "address-dependent"): ("nat-adm",),
    ("mapping", "address-and-port-dependent"): ("nat-apdm",),
    ("filtering", "endpoint-independent"): ("nat-filter-eif",),
    ("filtering", "address-dependent"): ("nat-filter-adf",),
    ("filtering", "address-and-port-dependent"): ("nat-filter-apdf",),
    ("type", "udp-blocked"): ("nat-udp-blocked",),
}
"""The findings that an answer brings with it; where a field has several right answers, each may bring its own."""


class Scenario(Layer, frozen=True, kw_only=True):
    """One world, and what is true in it."""

    title: str
    form: Literal["emulated", "linux"] = "emulated"
    emulated: Path = Path()
    pool_size: int = 1
    linux: LinuxPath = LinuxPath()
    servers: tuple[str, ...] = (COTURN,)
    """Names: coturn, or one of `liars`."""
    arguments: tuple[str, ...] = ()
    expect: dict[Literal["ipv4", "ipv6"], dict[str, Any]]
    """Fields of the report's nat block; a list holds all answers that are right. Missing families are not looked at."""
    said: dict[str, str] = msgspec.field(default_factory=dict)
    """Check id → words that the summary of one such check must begin with."""
    allowed: tuple[str, ...] = ()
    """Finding ids that may be there beside those that follow from the answer."""
    required: tuple[str, ...] = ()
    exit_codes: tuple[int, ...] = (0, 4)

    @property
    def provokes(self) -> frozenset[str]:
        """The findings that must be told in this world."""
        only = ((name, wanted) for fields in self.expect.values() for name, wanted in fields.items())
        certain = {
            finding
            for name, wanted in only
            if not isinstance(wanted, list)
            for finding in _FOLLOWS.get((name, wanted), ())
        }
        return frozenset({*self.required, *certain})


def load() -> dict[str, Scenario]:
    """All scenarios by file name. Raises msgspec.ValidationError for one that does not fit."""
    return {
        file.stem: msgspec.toml.decode(file.read_text(), type=Scenario) for file in sorted(DIRECTORY.glob("*.toml"))
    }


def lossy(scenario: Scenario, loss: float, seed: int) -> Scenario:
    """The same NAT behind a line that loses packets each way; "unknown" is then no wrong answer."""
    expect = {
        family: {name: [*right(wanted), "unknown"] for name, wanted in fields.items()}
        for family, fields in scenario.expect.items()
    }
    line = Shape(loss=loss, delay_ms=_LOSSY_DELAY_MS, jitter_ms=_LOSSY_JITTER_MS)
    path = msgspec.structs.replace(scenario.emulated, up=line, down=line).seeded(seed)
    linux = msgspec.structs.replace(scenario.linux, udp_loss_percent=round(100 * loss))
    return msgspec.structs.replace(scenario, emulated=path, linux=linux, expect=expect)


def enter(world: NatWorld, scenario: Scenario) -> Namespace:
    """Makes the world the scenario's; returns the client's namespace."""
    if scenario.form == "linux":
        return world.linux(scenario.linux)
    world.hosts[0].use(scenario.emulated, scenario.pool_size)
    return world.hosts[0].box


def command(scenario: Scenario) -> tuple[str, ...]:
    """What the client runs."""
    credential = ("-u", USER, "-p", PASSWORD) if any(name.startswith("turn-") for name in scenario.servers) else ()
    uris = [stun_uri(server, family) for server in scenario.servers for family in sorted(scenario.expect)]
    return natprobe_command("nat", *uris, *credential, *scenario.arguments, "--json")


def differences(scenario: Scenario, report: Mapping[str, Any]) -> tuple[str, ...]:
    """What is not as it must be, a sentence each."""
    return (
        *_wrong_fields(scenario, report.get("nat") or {}),
        *_wrong_findings(scenario, report.get("findings") or ()),
        *_wrong_words(scenario, report.get("checks") or ()),
    )


def _wrong_words(scenario: Scenario, checks: Any) -> Iterator[str]:
    for check_id, words in scenario.said.items():
        summaries = [check["summary"] for check in checks if check["id"] == check_id]
        if not any(summary.startswith(words) for summary in summaries):
            yield f"{check_id} says {summaries}, not {words!r}"


def _wrong_fields(scenario: Scenario, nat: Mapping[str, Any]) -> Iterator[str]:
    for family, fields in scenario.expect.items():
        block = nat.get(family) or {}
        for name, wanted in fields.items():
            if block.get(name) not in right(wanted):
                words = " or ".join(repr(each) for each in right(wanted))
                yield f"{family}.{name} is {block.get(name)!r}, not {words}"


def _wrong_findings(scenario: Scenario, findings: Any) -> Iterator[str]:
    found = {finding["id"] for finding in findings}
    may = {*scenario.allowed, *scenario.provokes, *_following(scenario)}
    yield from (f"{each} is found, and is not so" for each in sorted(found - may) if each.startswith("nat-"))
    yield from (f"{each} is not found" for each in sorted(scenario.provokes - found))


def _following(scenario: Scenario) -> Iterator[str]:
    for fields in scenario.expect.values():
        for name, wanted in fields.items():
            for value in right(wanted):
                yield from _FOLLOWS.get((name, value), ())


def right(wanted: Any) -> tuple[Any, ...]:
    """The answers that an expected field allows."""
    values = tuple(wanted) if isinstance(wanted, list) else (wanted,)
    # TOML has no null: "absent" stands for what the report leaves out.
    return tuple(None if value == "absent" else value for value in values)
