"""What the answers of ports mean, by tables."""

import itertools

import pytest

from natprobe.address import Address
from natprobe.client.control import Control
from natprobe.client.ports import PortAnswer, PortWord, chosen, count, runs
from natprobe.probes import port_tcp, port_udp

SERVER = Address("203.0.113.10", 80)
DEAD = (Control(transport="udp", outcome="silent"), Control(transport="tcp", outcome="silent", port=443))
ALIVE = (Control(transport="udp", outcome="silent"), Control(transport="tcp", outcome="refused", port=443))


def tcp(
    *words: PortWord, closed: bool = False, controls: tuple[Control, ...] = (), left: int = 0
) -> tuple[str, set[str]]:
    """The verdict on ports from 80 upwards that answer with these words, while `left` more were to be asked."""
    ranges = ((80, 79 + len(words) + left),)
    answers = [PortAnswer(port=80 + number, word=word, detail="said so") for number, word in enumerate(words)]
    evidence = port_tcp.Evidence(
        server=SERVER, ranges=ranges, runs=runs(answers, ranges), closed=closed, controls=controls, left=left
    )
    judgement = port_tcp.judge(evidence)
    assert (f"; {left} more ports not tested" in judgement.summary) is (left > 1)
    return str(judgement.status), {raised.id for raised in judgement.raised}


@pytest.mark.parametrize(
    ("word", "status", "finding"),
    [
        ("open", "pass", None),
        ("refused", "fail", "tcp-port-refused"),
        ("rejected", "fail", "tcp-port-unreachable"),
        ("unreachable", "fail", "host-unreachable"),
        ("no-route", "skip", "no-route"),
        ("untold", "inconclusive", None),
    ],
)
def test_each_answer_has_its_own_meaning(word: PortWord, status: str, finding: str | None) -> None:
    assert tcp(word) == (status, {finding} if finding else set())


def test_a_silent_port_is_filtered_only_where_something_else_of_its_host_answers() -> None:
    assert tcp("silent", controls=ALIVE) == ("fail", {"tcp-port-blocked"})
    assert tcp("silent", controls=DEAD) == ("fail", {"all-ports-blocked-host-down"})
    assert tcp("silent", "refused") == ("fail", {"tcp-port-blocked", "tcp-port-refused"})


def test_of_a_check_that_is_cut_off_only_what_was_asked_is_judged() -> None:
    assert tcp("open", left=2) == ("inconclusive", set())
    assert tcp("open", "refused", left=2) == ("fail", {"tcp-port-refused"})
    assert tcp("silent", left=2, controls=ALIVE) == ("fail", {"tcp-port-blocked"})
    assert tcp("silent", left=2) == ("fail", {"tcp-port-silent"})
    assert tcp("open", left=2, closed=True) == ("fail", {"service-exposed"})
    assert tcp("refused", left=2, closed=True) == ("inconclusive", set())
    silent: list[PortWord] = ["silent"] * 20
    assert tcp(*silent, left=2) == ("inconclusive", set())
    assert tcp("refused", *silent, left=2) == ("inconclusive", {"port-range-partly-blocked"})


def test_udp_ports_that_were_not_asked_keep_the_others_from_passing() -> None:
    ranges = ((8000, 8001),)
    answers = runs([PortAnswer(port=8000, word="open", rtt_ms=1.0)], ranges)
    for closed, status, finding in ((False, "inconclusive", set()), (True, "fail", {"service-exposed"})):
        judgement = port_udp.judge(port_udp.Evidence(server=SERVER, ranges=ranges, runs=answers, closed=closed, left=1))
        assert (judgement.status, {raised.id for raised in judgement.raised}) == (status, finding)
        assert judgement.summary.endswith("; 1 more port not tested")
    refused = runs([PortAnswer(port=8000, word="refused")], ranges)
    shut = port_udp.judge(port_udp.Evidence(server=SERVER, ranges=ranges, runs=refused, closed=True, left=1))
    assert shut.status == "inconclusive"


@pytest.mark.parametrize("word", ["refused", "rejected", "unreachable", "silent"])
def test_whatever_is_not_open_is_closed_as_expected(word: PortWord) -> None:
    assert tcp(word, closed=True) == ("pass", set())


def test_what_shall_be_closed_and_is_open_is_exposed_and_what_was_not_asked_is_not_said_to_be_closed() -> None:
    assert tcp("open", closed=True) == ("fail", {"service-exposed"})
    assert tcp("open", "refused", closed=True) == ("fail", {"service-exposed"})
    assert tcp("refused", "untold", closed=True) == ("inconclusive", set())


def test_nobody_expects_every_port_of_a_large_range_to_listen() -> None:
    many: list[PortWord] = ["refused"] * 20
    assert tcp(*many) == ("pass", set())
    assert tcp(*many, "silent") == ("warn", {"port-range-partly-blocked"})
    assert tcp(*many, "untold") == ("inconclusive", set())
    silent: list[PortWord] = ["silent"] * 20
    assert tcp(*silent, controls=DEAD) == ("fail", {"all-ports-blocked-host-down"})
    rejected: list[PortWord] = ["rejected"] * 20
    assert tcp(*rejected) == ("fail", {"tcp-port-unreachable"})


def test_of_too_many_ports_an_even_choice_with_both_ends_of_each_range_is_asked() -> None:
    ranges = ((80, 80), (443, 443), (49152, 65535))
    asked = chosen(ranges, 100)
    assert {80, 443, 49152, 65535} <= set(asked)
    assert 90 <= len(asked) <= 100
    assert max(later - earlier for earlier, later in itertools.pairwise(asked[2:])) < 400
    assert len(chosen(ranges, count(ranges))) == count(ranges) == 16386


def test_runs_hold_ports_that_answer_alike_and_never_reach_into_another_range() -> None:
    ranges = ((80, 81), (83, 90))
    answers = [PortAnswer(port=port, word="silent" if port > 85 else "open") for port in (80, 81, 83, 84, 86, 90)]
    assert [(str(run), run.asked, run.answer.word) for run in runs(answers, ranges)] == [
        ("80-81", 2, "open"),
        ("83-84", 2, "open"),
        ("86-90", 2, "silent"),
    ]


def test_no_run_reaches_over_a_port_that_is_left() -> None:
    ranges = ((1, 9),)
    answers = [PortAnswer(port=port, word="refused") for port in (1, 2, 4, 5, 9)]
    assert [str(run) for run in runs(answers, ranges, left=(3, 6, 7, 8))] == ["1-2", "4-5", "9"]
