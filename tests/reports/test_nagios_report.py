"""Is it one line that monitoring plugins' readers take, with their exit codes?"""

import re

import msgspec
import pytest

from natprobe.fold import EMPTY
from natprobe.model import Report, Status, Verdict
from natprobe_reports import PLAIN, RENDERERS, Style
from natprobe_reports.nagios import ExitStatus, exit_status
from tests.reports.example_reports import EXAMPLES, healthy, interrupted, relay_range_closed

DATUM = re.compile(r"(?:'([^'=]+)'|([^'= ]+))=(-?[0-9.]+)([a-z%]*);([0-9.]*);([0-9.]*);([0-9.]*);([0-9.]*)(?: |$)")


def performance(report: Report) -> dict[str, str]:
    """Label → value with unit, read as the plugin guidelines say; fails where something is left over."""
    text = RENDERERS["nagios"](report, PLAIN).rstrip("\n").partition("| ")[2]
    assert DATUM.sub("", text) == ""
    return {quoted or plain: value + unit for quoted, plain, value, unit, *_ in DATUM.findall(text)}


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("healthy", "NATPROBE OK - turn:turn.example.org:3478 relays in both directions"),
        ("relay-range-closed", "NATPROBE CRITICAL - The relay works from inside, but"),
        ("inconclusive", "NATPROBE UNKNOWN - the server asks for credentials"),
        ("interrupted", "NATPROBE UNKNOWN - interrupted after 290 ms"),
    ],
)
def test_the_line_names_the_state_and_the_culprit(name: str, start: str) -> None:
    text = RENDERERS["nagios"](EXAMPLES[name](), PLAIN)
    assert text.startswith(start)
    assert text.count("\n") == 1
    assert text.count("|") == 1


@pytest.mark.parametrize(
    ("report", "state"),
    [
        (healthy(), ExitStatus.OK),
        (msgspec.structs.replace(healthy(), verdict=Verdict.WARN), ExitStatus.WARNING),
        (relay_range_closed(), ExitStatus.CRITICAL),
        (msgspec.structs.replace(relay_range_closed(), interrupted=True), ExitStatus.CRITICAL),
        (interrupted(), ExitStatus.UNKNOWN),
        (EMPTY, ExitStatus.UNKNOWN),
    ],
)
def test_the_exit_status_is_what_plugins_use(report: Report, state: ExitStatus) -> None:
    assert exit_status(report) is state


def test_a_fault_of_natprobe_itself_is_unknown_and_no_alarm() -> None:
    broke = msgspec.structs.replace(healthy().checks[0], status=Status.ERROR)
    assert exit_status(msgspec.structs.replace(healthy(), checks=(broke,), verdict=Verdict.FAIL)) == 3


def test_the_performance_data_holds_totals_and_each_check_that_passed() -> None:
    data = performance(relay_range_closed())
    assert data["time"] == "2.150s"
    assert (data["checks"], data["fail"], data["warn"]) == ("16", "1", "1")
    assert data["turn.allocate turn:turn.example.org:3478 udp 203.0.113.10:3478"] == "43.100ms"
    assert not [label for label in data if label.startswith("turn.relay-in ")]


def test_the_line_stays_below_what_nagios_reads_and_keeps_the_totals() -> None:
    many = tuple(
        msgspec.structs.replace(healthy().checks[1], target=f"turn:t{number}.example.org", asked=None)
        for number in range(500)
    )
    report = msgspec.structs.replace(healthy(), checks=many)
    assert len(RENDERERS["nagios"](report, PLAIN)) <= 4097
    assert performance(report)["checks"] == "500"


def test_a_quote_or_an_equals_sign_in_a_target_cannot_break_a_label() -> None:
    odd = msgspec.structs.replace(healthy().checks[1], asked="turn:'a=b|c", summary="x")
    assert "turn.reach turn:_a_b/c udp 203.0.113.10:3478" in performance(
        msgspec.structs.replace(healthy(), checks=(odd,))
    )


def test_a_reader_of_ascii_gets_ascii() -> None:
    odd = msgspec.structs.replace(healthy().checks[1], status=Status.FAIL, summary="Zürich")
    report = msgspec.structs.replace(healthy(), checks=(odd,), verdict=Verdict.FAIL)
    assert "Z\\xfcrich" in RENDERERS["nagios"](report, Style(unicode=False))
