"""Does each annotation stay one command, whatever the sentences hold?"""

import re
from urllib.parse import unquote

import msgspec

from natprobe.model import Finding, Report, Verdict
from natprobe_reports import PLAIN, RENDERERS, Style
from tests.reports.example_reports import healthy, inconclusive, relay_range_closed

COMMAND = re.compile(r"::(error|warning|notice) title=([^:,\r\n]*)::([^\r\n]*)")


def commands(report: Report, style: Style = PLAIN) -> list[tuple[str, str, str]]:
    """(command, title, message) of each line, as the runner reads them."""
    lines = RENDERERS["github"](report, style).splitlines()
    found = [COMMAND.fullmatch(line) for line in lines]
    assert all(found)
    return [(match[1], unquote(match[2]), unquote(match[3])) for match in found if match]


def test_an_error_and_a_warning_are_two_annotations_with_the_error_first() -> None:
    (error, title, message), (warning, *_) = commands(relay_range_closed())
    assert (error, warning) == ("error", "warning")
    assert title == "The relay works from inside, but 203.0.113.10:49160-49200/udp is closed to the outside"
    assert "\nFix: Allow inbound udp/49160-49200 from 0.0.0.0/0" in message


def test_what_could_not_be_told_is_a_warning_though_no_finding_says_so() -> None:
    ((command, title, message),) = commands(inconclusive())
    assert command == "warning"
    assert title.startswith("turn.allocate of turn:turn.example.org:3478")
    assert message == "the server asks for credentials and none were given"


def test_a_healthy_run_says_nothing_and_an_info_only_on_request() -> None:
    assert commands(healthy()) == []
    assert [command for command, *_ in commands(healthy(), Style(verbose=True))] == ["notice"]


def test_a_text_cannot_become_a_second_command() -> None:
    evil = Finding(
        id="x",
        severity="error",
        title="100%,title=y::z\r\n::error::owned",
        cause="%0A::add-mask::a",
        fix="\n::stop-commands::t",
        evidence="e",
    )
    report = msgspec.structs.replace(healthy(), findings=(evil,), verdict=Verdict.FAIL)
    ((_, title, message),) = commands(report)
    assert title == "100%,title=y::z ::error::owned"
    assert "Cause: %0A::add-mask::a\n" in message
