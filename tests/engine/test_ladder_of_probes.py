"""The engine with probes of the tests' own: order, needs, deadlines, and faults of ours that hide nothing else."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from natprobe.address import Address
from natprobe.cli.exits import FAILED, INTERRUPTED, OURS, PASSED, UNTOLD, exit_code, strict_exit_code
from natprobe.diagnose import diagnose
from natprobe.events import CheckAdvanced, CheckEnded, CheckPlanned, CheckStarted, Event, RunEnded, RunStarted
from natprobe.fold import EMPTY, fold
from natprobe.model import Report, Status, Verdict
from natprobe.plan import Plan, cells, dependencies, for_cell, giver, literal
from natprobe.probe import Cell, Context, Destination, Destinations, Judgement, Probe, Settings
from natprobe.runner import run
from natprobe.target import parse

TARGET = parse("turn:127.0.0.1:3478?transport=udp")
CELL = Cell(TARGET, TARGET, "udp", Address("127.0.0.1", 3478))
SECRET = "a-word-that-must-not-show"
Observe = Callable[[Context], Awaitable[Any]]


class Seen(msgspec.Struct, frozen=True):
    """The evidence of the tests' probes."""

    number: int = 0


class Bread:
    """Something that one probe gives and another needs."""


class Cheese:
    """Something else."""


async def nothing(_ctx: Context) -> Seen:
    """Sees nothing."""
    return Seen()


async def bakes(ctx: Context) -> Seen:
    """Puts bread on the bench."""
    ctx.bench.put(Bread())
    return Seen()


async def fails(ctx: Context) -> Seen:
    """Fails, with a secret in its exception and among its locals."""
    password = SECRET
    raise RuntimeError(f"{password} in {ctx}")


async def hangs(_ctx: Context) -> Seen:
    """Never ends by itself."""
    await asyncio.Event().wait()
    return Seen()


def passes(_evidence: Seen) -> Judgement:
    """Finds nothing wrong."""
    return Judgement(status=Status.PASS, summary="as it should be")


def misjudges(evidence: Seen) -> Judgement:
    """Fails on its evidence."""
    raise KeyError(SECRET, evidence)


def probe(name: str, observe: Observe = nothing, **more: Any) -> Probe[Seen]:
    """A probe of one cell."""
    declared: dict[str, Any] = {
        "title": name,
        "schemes": frozenset({"turn"}),
        "evidence": Seen,
        "judge": passes,
        "deadline_s": 5.0,
    }
    return Probe(id=name, observe=observe, **(declared | more))


def ended(*probes: Probe[Any], deadline_s: float = 20.0) -> tuple[Report, list[Event]]:
    """The report of a run of these probes, and its events."""
    events: list[Event] = []
    plan = Plan("check", (TARGET,), probes, Settings(), deadline_s)
    asyncio.run(run(plan, events.append))
    return diagnose(fold(events)), events


def statuses(report: Report) -> dict[str, str]:
    """How each check ended."""
    return {check.id: str(check.status) for check in report.checks}


def test_a_probe_that_raises_is_an_error_that_hides_no_other_check() -> None:
    report, _ = ended(probe("a.fails", fails), probe("b.works"), probe("c.misjudges", judge=misjudges))
    assert statuses(report) == {"a.fails": "error", "b.works": "pass", "c.misjudges": "error"}
    assert exit_code(report) == OURS
    assert report.verdict is Verdict.FAIL


def test_the_trace_of_a_fault_of_ours_names_places_and_no_values() -> None:
    report, events = ended(probe("a.fails", fails))
    (check,) = report.checks
    assert check.evidence["trace"][-1].startswith("test_ladder_of_probes.py:")
    assert check.evidence["trace"][-1].endswith(" fails")
    assert SECRET not in msgspec.json.encode(report).decode() + "".join(map(repr, events))


def test_a_probe_that_hangs_meets_its_own_deadline() -> None:
    report, _ = ended(probe("a.hangs", hangs, deadline_s=0.05), probe("b.works"))
    assert statuses(report) == {"a.hangs": "inconclusive", "b.works": "pass"}
    assert "own limit of 0.05 s" in report.checks[0].summary
    assert exit_code(report) == UNTOLD


def test_the_deadline_of_the_run_tells_every_check_that_it_cuts_off() -> None:
    waits = probe("b.waits", needs=(Bread,))
    report, events = ended(probe("a.hangs", hangs, deadline_s=60.0, gives=(Bread,)), waits, deadline_s=1.05)
    assert statuses(report) == {"a.hangs": "inconclusive", "b.waits": "inconclusive"}
    assert all("deadline of 1.05 s" in check.summary for check in report.checks)
    assert events[-1] == RunEnded(at_ms=report.duration_ms, interrupted=False)


@pytest.mark.parametrize(("deadline_s", "own_s"), [(1.05, 60.0), (20.0, 0.05)])
def test_what_a_check_had_found_when_it_was_cut_off_is_judged(deadline_s: float, own_s: float) -> None:
    async def finds(ctx: Context) -> Seen:
        found: list[int] = []
        ctx.keep(lambda: Seen(len(found)) if found else None)
        found.append(7)
        return await hangs(ctx)

    def judge(seen: Seen) -> Judgement:
        return Judgement(status=Status.FAIL, summary=f"{seen.number} found")

    report, _ = ended(probe("a.finds", finds, judge=judge, deadline_s=own_s), deadline_s=deadline_s)
    (check,) = report.checks
    assert (check.status, check.evidence) == (Status.FAIL, {"number": 1})
    assert check.summary.startswith("1 found; the ")
    assert check.summary.endswith(f" of {min(deadline_s, own_s):g} s")


def test_a_check_that_is_cut_off_before_it_has_found_anything_decides_nothing() -> None:
    async def finds(ctx: Context) -> Seen:
        ctx.keep(lambda: None)
        return await hangs(ctx)

    report, _ = ended(probe("a.finds", finds, judge=misjudges), deadline_s=1.05)
    assert (statuses(report), report.checks[0].evidence) == ({"a.finds": "inconclusive"}, {})


def test_a_fault_of_ours_in_judging_what_was_found_is_a_fault_of_ours() -> None:
    async def finds(ctx: Context) -> Seen:
        ctx.keep(Seen)
        return await hangs(ctx)

    report, _ = ended(probe("a.finds", finds, judge=misjudges), deadline_s=1.05)
    assert statuses(report) == {"a.finds": "error"}
    assert exit_code(report) == OURS


def test_a_check_learns_when_it_is_the_last_one() -> None:
    ended_before: list[str] = []

    async def lasts(ctx: Context) -> Seen:
        await ctx.alone()
        ended_before.extend(event.id for event in told if isinstance(event, CheckEnded))
        return Seen()

    told: list[Event] = []
    probes = (probe("a.lasts", lasts), probe("b.bakes", bakes, gives=(Bread,)), probe("c.eats", needs=(Bread,)))
    asyncio.run(run(Plan("check", (TARGET,), (*probes, probe("d.fails", fails)), Settings(), 20.0), told.append))
    assert set(ended_before) == {"b.bakes", "c.eats", "d.fails"}


def test_a_missing_need_skips_a_probe_and_names_the_giver() -> None:
    report, events = ended(probe("a.bakes", gives=(Bread,)), probe("b.eats", needs=(Bread,)))
    assert statuses(report) == {"a.bakes": "pass", "b.eats": "skip"}
    assert report.checks[1].summary == "not tested: it needs a.bakes"
    assert [event.id for event in events if isinstance(event, CheckStarted)] == ["a.bakes"]


def test_a_probe_begins_when_its_needs_are_met_whatever_its_name() -> None:
    report, events = ended(probe("a.eats", needs=(Bread,)), probe("z.bakes", bakes, gives=(Bread,)))
    assert statuses(report) == {"a.eats": "pass", "z.bakes": "pass"}
    assert [event.id for event in events if isinstance(event, CheckStarted)] == ["z.bakes", "a.eats"]


def test_probes_that_do_not_depend_on_each_other_run_at_the_same_time() -> None:
    both = asyncio.Barrier(2)

    async def meets(_ctx: Context) -> Seen:
        await both.wait()
        return Seen()

    report, _ = ended(probe("a.meets", meets), probe("b.meets", meets))
    assert statuses(report) == {"a.meets": "pass", "b.meets": "pass"}


def test_after_waits_for_the_end_and_not_for_success() -> None:
    report, events = ended(probe("a.last", after=("z.fails",)), probe("z.fails", fails))
    assert statuses(report) == {"z.fails": "error", "a.last": "pass"}
    assert [event.id for event in events if isinstance(event, CheckEnded)] == ["z.fails", "a.last"]


@pytest.mark.parametrize(
    "probes",
    [
        (probe("a", needs=(Bread,), gives=(Cheese,)), probe("b", needs=(Cheese,), gives=(Bread,))),
        (probe("a", after=("b",)), probe("b", after=("a",))),
        (probe("a", after=("a",)),),
    ],
)
def test_probes_that_wait_for_each_other_are_refused(probes: tuple[Probe[Any], ...]) -> None:
    with pytest.raises(ValueError, match="wait for each other: a"):
        for_cell(probes, CELL, Settings())


def test_what_a_probe_held_is_let_go_when_the_cell_ends() -> None:
    let_go: list[str] = []

    async def holds(ctx: Context) -> Seen:
        ctx.hold.closing.callback(let_go.append, "first")
        ctx.hold.closing.callback(let_go.append, "last")
        return Seen()

    ended(probe("a.holds", holds))
    assert let_go == ["last", "first"]


def test_a_cancelled_run_lets_go_tells_its_last_event_and_ends() -> None:
    let_go: list[str] = []
    events: list[Event] = []
    begun = asyncio.Event()

    async def holds(ctx: Context) -> Seen:
        ctx.hold.closing.callback(let_go.append, "held")
        begun.set()
        return await hangs(ctx)

    async def interrupted() -> None:
        task = asyncio.create_task(run(Plan("check", (TARGET,), (probe("a", holds),), Settings()), events.append))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(interrupted())
    report = diagnose(fold(events))
    assert let_go == ["held"]
    assert report.interrupted
    assert report.checks[0].summary == "not decided: the run was interrupted"
    assert exit_code(report) == INTERRUPTED


def test_events_come_in_their_order() -> None:
    _, events = ended(probe("a.bakes", bakes, gives=(Bread,)), probe("b.eats", needs=(Bread,)))
    kinds = [type(event) for event in events]
    assert kinds == [RunStarted, *[CheckPlanned] * 2, *[CheckStarted, CheckEnded] * 2, RunEnded]


@pytest.mark.parametrize(
    ("targets", "families", "told"),
    [
        ("turn:192.0.2.1", (4, 6), [("udp", 4), ("tcp", 4)]),
        ("turn:192.0.2.1?transport=tcp", (4, 6), [("tcp", 4)]),
        ("turn:192.0.2.1", (6,), []),
        ("turns:[2001:db8::1]", (4, 6), [("tls", 6), ("dtls", 6)]),
        ("turns:[2001:db8::1]", (4,), []),
    ],
)
def test_a_literal_becomes_one_cell_for_each_transport(
    targets: str, families: tuple[Any, ...], told: list[tuple[str, int]]
) -> None:
    target = parse(targets)
    found = literal(target)
    assert found is not None
    assert sorted((cell.transport, cell.address.family) for cell in cells(target, found, families)) == sorted(told)


def test_a_name_becomes_a_cell_for_each_address_and_each_but_once() -> None:
    target = parse("turn:turn.example.org?transport=udp")
    assert literal(target) is None
    hosts = ("192.0.2.1", "2001:db8::1", "192.0.2.1")
    found = Destinations(tuple(Destination("udp", Address(host, 3478)) for host in hosts))
    assert [str(cell.address) for cell in cells(target, found, (4, 6))] == ["192.0.2.1:3478", "[2001:db8::1]:3478"]


def test_a_ladder_holds_the_probes_of_its_scheme_and_transport() -> None:
    probes = (
        probe("a.all"),
        probe("b.tcp", transports=frozenset({"tcp"})),
        probe("c.stun", schemes=frozenset({"stun"})),
        probe("d.target", scope="target"),
        probe("e.load", wanted=lambda settings: settings.insecure),
        probe("f.elsewhere", about=lambda target: "elsewhere" in target.host),
    )
    assert [each.id for each in for_cell(probes, CELL, Settings())] == ["a.all"]
    assert [each.id for each in for_cell(probes, CELL, Settings(insecure=True))] == ["a.all", "e.load"]


def test_dependencies_and_givers_are_found_within_the_ladder() -> None:
    bakery, eater = probe("a.bakes", gives=(Bread,)), probe("b.eats", needs=(Bread,), after=("c.sings", "nobody"))
    ladder = (bakery, eater, probe("c.sings"))
    assert dependencies(eater, ladder) == ("a.bakes", "c.sings")
    assert giver(ladder, Bread) == "a.bakes"
    assert giver(ladder, Cheese) == "Cheese"


@pytest.mark.parametrize(
    ("status", "code", "strict"),
    [
        (Status.PASS, PASSED, PASSED),
        (Status.WARN, PASSED, FAILED),
        (Status.SKIP, UNTOLD, UNTOLD),
        (Status.INCONCLUSIVE, UNTOLD, UNTOLD),
        (Status.FAIL, FAILED, FAILED),
        (Status.ERROR, OURS, OURS),
    ],
)
def test_the_worst_status_decides_the_exit_code(status: Status, code: int, strict: int) -> None:
    def judges(_evidence: Seen) -> Judgement:
        return Judgement(status=status, summary="so it is")

    fellow = () if status is Status.SKIP else (probe("b.works"),)
    report, _ = ended(probe("a.judged", judge=judges), *fellow)
    assert (exit_code(report), strict_exit_code(report)) == (code, strict)


def test_a_report_without_checks_passes_nothing() -> None:
    assert exit_code(diagnose(EMPTY)) == UNTOLD


@pytest.mark.parametrize("verdict", Verdict)
def test_an_interrupted_run_ends_as_one_whatever_it_has_found(verdict: Verdict) -> None:
    report = msgspec.structs.replace(EMPTY, interrupted=True, verdict=verdict)
    assert (exit_code(report), strict_exit_code(report)) == (INTERRUPTED, INTERRUPTED)


def test_a_check_that_takes_long_tells_how_far_it_has_come_a_few_times_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("natprobe.ladder.ADVANCE_EVERY_MS", 0.0)

    async def walks(ctx: Context) -> Seen:
        for step in range(3):
            ctx.advance(step + 1, 3, "ports")
        return Seen()

    events: list[Event] = []
    asyncio.run(run(Plan("check", (TARGET,), (probe("a.walks", walks),), Settings(), 3.0), events.append))
    told = [(event.id, event.done, event.total, event.unit) for event in events if isinstance(event, CheckAdvanced)]
    assert told == [("a.walks", 1, 3, "ports"), ("a.walks", 2, 3, "ports"), ("a.walks", 3, 3, "ports")]
    assert [check.id for check in fold(events).checks] == ["a.walks"]


def test_what_several_targets_ask_alike_is_asked_once_and_its_fault_is_everybodys() -> None:
    asked: list[str] = []

    async def work(key: str) -> int:
        asked.append(key)
        await asyncio.sleep(0)
        if key == "broken":
            raise RuntimeError("a fault")
        return len(asked)

    async def sees(ctx: Context) -> Seen:
        return Seen(await ctx.once("number", lambda: work("number")))

    async def breaks(ctx: Context) -> Seen:
        return Seen(await ctx.once("broken", lambda: work("broken")))

    targets = tuple(parse(f"turn:127.0.0.{number}:3478?transport=udp") for number in (1, 2, 3))
    events: list[Event] = []
    plan = Plan("check", targets, (probe("a.sees", sees), probe("b.breaks", breaks)), Settings(), 3.0)
    asyncio.run(run(plan, events.append))
    checks = fold(events).checks
    assert sorted(asked) == ["broken", "number"]
    assert len({check.evidence["number"] for check in checks if check.id == "a.sees"}) == 1
    assert [check.status for check in checks if check.id == "b.breaks"] == [Status.ERROR] * 3


def test_a_target_that_is_cut_off_takes_nothing_from_those_that_wait_for_the_same() -> None:
    go_on = asyncio.Event()
    first, second = (parse(f"turn:127.0.0.{number}:3478?transport=udp") for number in (1, 2))
    events: list[Event] = []

    def hear(event: Event) -> None:
        events.append(event)
        if isinstance(event, CheckEnded) and event.target == str(first):
            go_on.set()

    async def work() -> int:
        await go_on.wait()
        return 7

    async def sees(ctx: Context) -> Seen:
        return Seen(await ctx.once("number", work))

    own = {first: Settings(timeout_s=0.02)}
    asyncio.run(run(Plan("check", (first, second), (probe("a.sees", sees),), Settings(), 3.0, own=own), hear))
    found = {check.target: check for check in fold(events).checks}
    assert found[str(first)].status is Status.INCONCLUSIVE
    assert found[str(second)].evidence == {"number": 7}
