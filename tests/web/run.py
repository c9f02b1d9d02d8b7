"""One run of natprobe against servers of the test's own on loopback, in this process: its report, held to the rules."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from natprobe.diagnose import diagnose
from natprobe.events import Event
from natprobe.fold import fold
from natprobe.model import Check, Report, Status
from natprobe.plan import Plan
from natprobe.probe import Settings
from natprobe.probes import all_probes
from natprobe.runner import run
from natprobe.target import Target, parse
from natprobe_reports.json import render
from natprobe_reports.style import Style
from tests.ladder.hold import gaps_in, validator


@dataclass(frozen=True, slots=True)
class Told:
    """What a run said."""

    report: Report
    events: tuple[Event, ...]

    def check(self, check_id: str, target: str = "") -> Check:
        """The only check of this id whose target begins with `target`."""
        (found,) = [each for each in self.report.checks if each.id == check_id and each.target.startswith(target)]
        return found

    @property
    def findings(self) -> set[str]:
        """The ids of all findings."""
        return {finding.id for finding in self.report.findings}

    @property
    def everything(self) -> str:
        """All that a run tells anybody, as text."""
        return f"{msgspec.json.encode(self.report).decode()} {[msgspec.json.encode(event) for event in self.events]}"


async def checked(
    *uris: str,
    settings: Settings | None = None,
    own: Mapping[Target, Settings] | None = None,
    deadline_s: float = 40.0,
    only: tuple[str, ...] = ("http.", "web.", "iceconfig.", "apprtc.", "dns."),
) -> Told:
    """Checks `uris` with the probes whose ids begin with one of `only`, and with what they all stand on."""
    events: list[Event] = []
    targets = tuple(parse(uri) for uri in uris)
    probes = tuple(probe for probe in all_probes() if probe.id.startswith(("port.tcp", *only)))
    await run(Plan("check", targets, probes, settings or Settings(), deadline_s, own=own or {}), events.append)
    report = diagnose(fold(events))
    validator().validate(msgspec.json.decode(render(report, Style())))
    assert [check for check in report.checks if check.status is Status.ERROR] == []
    assert gaps_in(report) == set()
    return Told(report, tuple(events))
