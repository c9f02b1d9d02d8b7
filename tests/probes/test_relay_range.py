"""What is said of a relay range, by tables: which ports a stranger reached, what the control proves of the others."""

import pytest

from natprobe.address import Address
from natprobe.client.flight import Flight
from natprobe.client.relay_sample import Sample
from natprobe.probe import Judgement
from natprobe.probes import turn_relay_range

SERVER = Address("203.0.113.10", 3478)
HERE = Address("198.51.100.20", 40000)
CAME = Flight(path="there", sends_ms=(10.0,), arrived_ms=11.0, arrived_send=0, source=HERE)
LOST = Flight(path="there", sends_ms=(10.0, 40.0, 110.0), waited_ms=2000.0)
BLOCKED, PARTLY = "relay-port-range-blocked", "relay-port-range-partly-blocked"
DOCKER, FROM_HERE = "docker-relay-range-mismatch", "relay-unreachable-from-here"
QUOTA = "Allocate is refused: 486 (Allocation Quota Reached)"


def seen(host: str, port: int) -> Flight:
    """What the relay sent came, from there."""
    return Flight(path="out", sends_ms=(3.0,), arrived_ms=4.0, arrived_send=0, source=Address(host, port))


def sample(port: int, fate: str) -> Sample:
    """One port that a stranger reached (o), or not: though the control got through (c), or like it (u)."""
    relayed = Address(SERVER.host, port)
    if fate == "o":
        return Sample(relayed=relayed, inward=CAME)
    control = seen(SERVER.host, port) if fate == "c" else LOST
    return Sample(relayed=relayed, inward=LOST, outward=control, returned=CAME if fate == "c" else None)


def judged(fates: str, *, asked: int = 0, **facts: object) -> Judgement:
    """What is said of the ports 50000, 50001 … that ended so."""
    samples = tuple(sample(50000 + index, fate) for index, fate in enumerate(fates))
    evidence = turn_relay_range.Evidence(server=SERVER, asked=asked or len(fates), samples=samples, **facts)  # type: ignore[arg-type]
    return turn_relay_range.judge(evidence)


@pytest.mark.parametrize(
    ("fates", "declared", "told"),
    [
        ("oooo", None, ("pass",)),
        ("oooo", (60000, 60010), ("pass",)),
        ("cccc", None, ("fail", BLOCKED)),
        ("ccuu", None, ("fail", BLOCKED)),
        ("oocc", None, ("fail", PARTLY)),
        ("oocu", None, ("fail", PARTLY)),
        ("cccc", (60000, 60010), ("fail", DOCKER)),
        ("cccc", (50000, 50003), ("fail", BLOCKED)),
        ("oocc", (50000, 50001), ("fail", DOCKER)),
        ("occc", (50000, 50002), ("fail", DOCKER, PARTLY)),
        ("cccc", (50000, 50002), ("fail", DOCKER, BLOCKED)),
        ("uuuu", None, ("inconclusive", FROM_HERE)),
        ("ooou", None, ("inconclusive", FROM_HERE)),
    ],
)
def test_open_closed_and_untold_ports_are_weighed_with_the_declared_range(
    fates: str, declared: tuple[int, int] | None, told: tuple[str, ...]
) -> None:
    judgement = judged(fates, declared_ports=declared)
    assert (str(judgement.status), *(raised.id for raised in judgement.raised)) == told


def test_a_range_that_is_open_in_part_is_told_with_its_open_and_its_closed_ports() -> None:
    judgement = judged("ooccoc")
    assert judgement.summary == (
        "3 of 6 relayed ports between 50000 and 50005 take packets from outside; closed: 50002-50003 (2 tried), 50005,"
        " where 3 packets each went in vain for 2.0 s"
    )
    facts = judgement.raised[0].facts
    assert facts["detail"] == ("open are 50000-50001 (2 tried), 50004; closed are 50002-50003 (2 tried), 50005")
    assert (facts["relayed"], facts["sends"], facts["waited"]) == ("203.0.113.10:50002", "3", "2.0 s")


@pytest.mark.parametrize(("asked", "status"), [(2, "pass"), (4, "pass"), (5, "inconclusive"), (16, "inconclusive")])
def test_a_quota_fails_nothing_and_too_few_ports_prove_nothing(asked: int, status: str) -> None:
    judgement = judged("oo", asked=asked, ended=QUOTA)
    assert (str(judgement.status), judgement.raised) == (status, ())
    assert judgement.summary == (
        "2 of 2 relayed ports between 50000 and 50001 take packets from outside;"
        f" {asked} were asked for, but Allocate is refused: 486 (Allocation Quota Reached)"
    )


def test_without_an_allocation_or_a_permission_nothing_is_said() -> None:
    assert str(judged("", asked=4, ended=QUOTA).status) == "inconclusive"
    assert str(judged("", asked=4, permitted=False).status) == "skip"


def test_the_same_port_twice_is_one_port() -> None:
    twice = (sample(50000, "o"), sample(50000, "o"), sample(50001, "o"))
    judgement = turn_relay_range.judge(turn_relay_range.Evidence(server=SERVER, asked=3, samples=twice))
    assert judgement.summary == "2 of 2 relayed ports between 50000 and 50001 take packets from outside"


@pytest.mark.parametrize(
    ("outward", "returned"),
    [(seen("203.0.113.77", 50000), CAME), (seen(SERVER.host, 50000), LOST), (LOST, None), (None, None)],
)
def test_closed_is_said_only_where_an_answer_to_the_told_address_got_through(
    outward: Flight | None, returned: Flight | None
) -> None:
    untold = Sample(relayed=Address(SERVER.host, 50000), inward=LOST, outward=outward, returned=returned)
    assert untold.fate == "untold"


def test_a_port_that_a_nat_rewrites_on_the_way_out_is_closed_all_the_same() -> None:
    rewritten = Sample(relayed=Address(SERVER.host, 50000), inward=LOST, outward=seen(SERVER.host, 1024), returned=CAME)
    assert rewritten.fate == "closed"


def test_where_no_stranger_may_write_nothing_is_known() -> None:
    assert Sample(relayed=Address(SERVER.host, 50000)).fate == "untold"


def test_of_a_check_that_is_cut_off_closed_ports_are_told_and_open_ones_prove_no_range() -> None:
    assert judged("oooooo", asked=8, cut_off=True).status == "inconclusive"
    closed = judged("occ", asked=8, cut_off=True)
    assert (closed.status, [raised.id for raised in closed.raised]) == ("fail", [PARTLY])
    assert closed.summary.endswith("; 8 were asked for")
