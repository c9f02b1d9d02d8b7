"""What broke and what was mended: told by a table, and the same from whichever side one looks."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from natprobe.difference import Difference, broken, difference
from natprobe.model import Status, Vantage
from tests.difference.pieces import FOUR, MOVED, SIX, TURN, asked, check, finding, report

KINDS = (
    "broke", "mended", "still_broken", "surfaced", "untold", "told", "warned", "cleared", "new_checks", "gone_checks",
)  # fmt: skip
TABLE = """
pass         pass unchanged | pass warn warned | pass fail broke | pass error broke | pass skip untold
warn         pass cleared | warn warn unchanged | warn fail broke | warn inconclusive untold | warn skip untold
fail         pass mended | fail warn mended | fail fail still_broken | fail inconclusive untold | error pass mended
inconclusive pass told | inconclusive fail surfaced | inconclusive skip unchanged | skip warn told | skip fail surfaced
"""
ROWS = [entry.split()[-3:] for line in TABLE.strip().splitlines() for entry in line.split("|")]


def kinds(different: Difference) -> dict[str, list[str]]:
    """The ids of each kind that is not empty."""
    told = {kind: [change.id for change in getattr(different, kind)] for kind in KINDS}
    return {kind: ids for kind, ids in told.items() if ids}


@pytest.mark.parametrize(("was", "now", "kind"), ROWS, ids=[f"{was}-{now}" for was, now, _ in ROWS])
def test_what_a_result_has_become_is_told_by_a_table(was: str, now: str, kind: str) -> None:
    different = difference(report(check(status=was)), report(check(status=now)))
    assert kinds(different) == ({} if kind == "unchanged" else {kind: ["turn.reach"]})
    assert different.unchanged == (kind == "unchanged")
    assert broken(different) == (kind == "broke")


@given(was=st.sampled_from(Status), now=st.sampled_from(Status))
def test_every_pair_of_statuses_has_a_kind(was: Status, now: Status) -> None:
    different = difference(report(check(status=was)), report(check(status=now)))
    assert sum(map(len, kinds(different).values())) + different.unchanged == 1


def test_a_report_is_no_different_from_itself() -> None:
    one = report(check(evidence=asked(10, 20)), check("turn.allocate", "fail"), findings=(finding("x"),))
    different = difference(one, one)
    assert kinds(different) == {"still_broken": ["turn.allocate"]}
    assert (different.slower, different.faster, different.findings_came, different.findings_went) == ((), (), (), ())


def test_strict_counts_new_warnings_new_failures_and_what_is_no_longer_told() -> None:
    for was, now in (("pass", "warn"), ("skip", "fail"), ("pass", "inconclusive")):
        different = difference(report(check(status=was)), report(check(status=now)))
        assert (broken(different), broken(different, strict=True)) == (False, True)
    same = difference(report(check()), report(check()))
    assert not broken(same, strict=True)


def test_a_transport_that_worked_and_is_no_longer_offered_broke() -> None:
    gone = check(status="warn", findings=("transport-not-offered",))
    assert kinds(difference(report(check()), report(gone))) == {"broke": ["turn.reach"]}
    assert kinds(difference(report(gone), report(check()))) == {"mended": ["turn.reach"]}


def test_a_transport_that_was_never_offered_does_not_break_with_the_others() -> None:
    absent = check(status="warn", transport="tcp", findings=("transport-not-offered",))
    dead = check(status="fail", transport="tcp", findings=("tcp-port-refused",))
    different = difference(report(check(), absent), report(check(status="fail"), dead))
    assert [change.transport for change in different.broke] == ["udp"]
    assert [change.transport for change in different.surfaced] == ["tcp"]


def test_checks_are_matched_by_their_address() -> None:
    old = report(check(address=FOUR), check(status="fail", address=MOVED))
    new = report(check(status="fail", address=MOVED), check(address=FOUR))
    assert kinds(difference(old, new)) == {"still_broken": ["turn.reach"]}


def test_where_the_address_changed_its_family_counts() -> None:
    old = report(check(address=SIX), check(address=FOUR))
    new = report(check(address=SIX), check(status="fail", address=MOVED))
    (change,) = difference(old, new).broke
    assert (change.address, change.old_address) == (MOVED, FOUR)


def test_the_rungs_of_a_moved_cell_stay_together() -> None:
    other = msgspec.structs.replace(MOVED, host="203.0.113.12")
    old = report(*(check(rung, address=place) for place in (FOUR, MOVED) for rung in ("turn.reach", "turn.allocate")))
    new = report(
        check("turn.reach", address=MOVED),
        check("turn.reach", address=other),
        check("turn.allocate", "fail", address=other),
        check("turn.allocate", address=MOVED),
    )
    (change,) = difference(old, new).broke
    assert (change.id, change.address, change.old_address) == ("turn.allocate", other, FOUR)


def test_families_and_transports_are_never_mixed() -> None:
    different = difference(report(check(address=FOUR)), report(check(address=SIX), check(transport="tcp")))
    assert kinds(different) == {"new_checks": ["turn.reach", "turn.reach"], "gone_checks": ["turn.reach"]}


def test_an_added_address_that_fails_breaks_what_worked_everywhere() -> None:
    different = difference(report(check()), report(check(), check(status="fail", address=SIX)))
    assert [change.address for change in different.broke] == [SIX]


def test_a_new_target_that_fails_did_not_break() -> None:
    new = check(status="fail", asked="turn:new.example.org", target="turn:new.example.org")
    different = difference(report(check()), report(check(), new))
    assert kinds(different) == {"surfaced": ["turn.reach"]}
    assert not broken(different)


def test_an_id_that_stands_twice_in_one_cell_is_matched_twice() -> None:
    different = difference(report(check(), check()), report(check(), check(status="fail"), check()))
    assert (kinds(different), different.unchanged) == ({"broke": ["turn.reach"], "new_checks": ["turn.reach"]}, 1)


def test_a_change_carries_the_findings_of_the_new_run() -> None:
    broke = check(status="fail", findings=("x",))
    new = report(broke, findings=(finding("x"), finding("x", target="turn:other.example.org"), finding("y")))
    (change,) = difference(report(check()), new).broke
    assert [each.id for each in change.findings] == ["x"]


def test_findings_come_and_go_by_target_and_not_by_the_cell_that_they_name() -> None:
    old = report(check(), findings=(finding("stays", target=f"{TURN}?transport=udp"), finding("goes")))
    new = report(check(), findings=(finding("stays"), finding("comes")))
    different = difference(old, new)
    assert [each.id for each in different.findings_came] == ["comes"]
    assert [each.id for each in different.findings_went] == ["goes"]


def test_runs_that_compare_badly_say_so() -> None:
    old = report(check(), vantage=Vantage(hostname="a.example.org", platform=""))
    new = report(
        check(target="stun:x", asked="stun:x"), command="nat", interrupted=True, started="2026-11-20T00:00:00Z"
    )
    notes = " ".join(difference(old, new).notes)
    assert all(word in notes for word in ("right order", "natprobe nat", "different hosts", "interrupted", "in common"))
    assert difference(old, old).notes == ()


@given(data=st.lists(st.tuples(st.sampled_from(["a.a", "b.b"]), st.sampled_from(Status), st.sampled_from([FOUR, SIX]))))
def test_looking_back_turns_new_into_gone_and_loses_no_check(data: list[tuple[str, Status, object]]) -> None:
    one = report(*(check(rung, status.value, address=place) for rung, status, place in data))
    two = report(*(check(rung, status.value, address=place) for rung, status, place in data[::2]))
    there, back = difference(one, two), difference(two, one)
    assert len(there.gone_checks) == len(back.new_checks) + len(back.surfaced) + len(back.broke) - len(
        [change for change in (*back.surfaced, *back.broke) if change.was is not None]
    )
    for different, size in ((there, len(two.checks)), (back, len(one.checks))):
        made = sum(len(getattr(different, kind)) for kind in KINDS if kind != "gone_checks") + different.unchanged
        assert made == size
