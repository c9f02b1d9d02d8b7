"""`natprobe explain`, as its user sees it."""

import argparse
import json

import pytest

from natprobe.catalogue import load
from natprobe.cli import explain


def told(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    parser = argparse.ArgumentParser()
    explain.configure(parser)
    code = explain.run(parser.parse_args(argv))
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


EXPIRED = """\
turn-auth-rest-expired (error)
The credential of <user> expired <expired for> ago

Symptom
  Calls relay for a while after the page was loaded, or never; then no relay
  candidates come.

Evidence
  <address> answered 401; the time in the user name <user> passed <expired for>
  ago.

Easily mistaken for
  turn-auth-clock-skew: the credential is valid by the issuer's clock, and
  expired by the server's.
  clock-wrong: the clock of this host is wrong.

Cause
  The credential is time-limited, and coturn refuses it once its time is past. A
  service that issues the present time, without a lifetime added, issues
  credentials that are dead on arrival.

Fix
  Issue user names with `now + lifetime`, 86400 s for example, and fetch new
  ones before a call starts.

References
  RFC 8489 section 9.2.4
"""


def test_one_finding_is_explained_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "turn-auth-rest-expired") == (0, EXPIRED, "")


def test_without_an_id_all_are_listed_by_section(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capsys)
    assert (code, err) == (0, "")
    assert [line for line in out.splitlines() if line and not line.startswith(" ")] == [
        section.title for section in load().sections
    ]
    assert sum(line.startswith("  ") for line in out.splitlines()) == len(load())
    assert "The relayed address <relayed> is <kind>" in out


def test_a_word_that_several_hold_lists_them_by_section(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capsys, "hairpin")
    assert (code, err) == (0, "")
    assert out == (
        "The relayed path\n"
        "  turn-hairpin-missing  The server cannot reach its own public address\n"
        "\n"
        "The NAT in front of this host\n"
        "  nat-no-hairpin        The NAT does not loop packets back\n"
    )


def test_a_word_that_one_holds_explains_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "RcvbufErrors")[1].startswith("turn-udp-buffer-drops (warning)\n")


def test_an_unknown_id_is_one_line_on_stderr_with_near_misses(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capsys, "turn-relay-privat-adress")
    assert (code, out) == (2, "")
    assert err.startswith("natprobe explain: no finding has the id 'turn-relay-privat-adress'; did you mean ")
    assert "turn-relay-private-address" in err
    assert err.count("\n") == 1


def test_an_unknown_id_cannot_break_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "no\nsuch\x1b[2Jthing")[2].count("\n") == 1


def test_json_of_one_finding_is_an_object_with_its_facts(capsys: pytest.CaptureFixture[str]) -> None:
    value = json.loads(told(capsys, "turn-relay-private-address", "--json")[1])
    assert value["id"] == "turn-relay-private-address"
    assert value["severity"] == "error"
    assert value["facts"] == ["address", "relayed", "kind"]
    assert value["title"] == "The relayed address {relayed} is {kind}"


def test_json_of_all_findings_is_an_array(capsys: pytest.CaptureFixture[str]) -> None:
    assert [value["id"] for value in json.loads(told(capsys, "--json")[1])] == [entry.id for entry in load()]


def test_json_of_a_word_is_an_array(capsys: pytest.CaptureFixture[str]) -> None:
    values = json.loads(told(capsys, "docker", "--json")[1])
    assert {"docker-ports-udp-missing", "docker-relay-range-mismatch"} <= {value["id"] for value in values}


@pytest.mark.parametrize("columns", [40, 57, 80, 100])
def test_no_line_is_wider_than_the_terminal_but_for_a_word_that_is(columns: int) -> None:
    for entry in load():
        for line in explain.explained(entry, columns).splitlines():
            assert len(line) <= columns or " " not in line.strip() or line.startswith(entry.id)


def test_a_command_to_copy_stays_on_one_line_where_it_fits() -> None:
    text = explain.explained(load().entry("turn-auth-hashed-key-realm"), 80)
    assert "`turnadmin -k -u NAME -r REALM -p PASSWORD`" in text


def test_the_width_follows_the_terminal_within_reason(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    widest = max(len(line) for line in told(capsys, "turn-relay-private-address")[1].splitlines())
    assert explain.WIDEST - 20 < widest <= explain.WIDEST
