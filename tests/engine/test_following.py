"""The engine and what answers name: it is checked as a target of its own, within bounds, and never at their bidding."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from natprobe.address import Address
from natprobe.credential import Credential, Secret
from natprobe.diagnose import diagnose
from natprobe.events import Event
from natprobe.expectations import Expectations
from natprobe.fold import fold
from natprobe.model import Report, Status
from natprobe.plan import DEEPEST, Order, Plan, led
from natprobe.probe import Cell, Context, Followed, Judgement, Lead, Probe, Settings
from natprobe.runner import run
from natprobe.target import Target, parse

LOCAL = parse("turn:127.0.0.1:3478?transport=udp")
REMOTE = parse("turn:192.0.2.7:3478?transport=udp")
ALICE = Credential("alice", Secret("a-word-that-must-not-show"))

NOTHING = Plan("check", (), (), Settings())


class Seen(msgspec.Struct, frozen=True):
    """What became of each lead."""

    user: str = ""
    followed: tuple[Followed, ...] = ()


def names(*leads: Lead) -> Callable[[Context], Any]:
    """A probe's observe: an answer names these."""

    async def observe(ctx: Context) -> Seen:
        return Seen(ctx.settings.user, tuple(ctx.follow(lead) for lead in leads))

    return observe


async def hangs(_ctx: Context) -> Seen:
    """Never ends by itself."""
    await asyncio.Event().wait()
    return Seen()


def passes(evidence: Seen) -> Judgement:
    """Tells whose credential it had."""
    return Judgement(status=Status.PASS, summary=f"asked as {evidence.user or 'nobody'}")


def probe(observe: Callable[[Context], Any], name: str = "a.names") -> Probe[Seen]:
    """A probe of one cell."""
    return Probe(
        id=name, title=name, schemes=frozenset({"turn"}), evidence=Seen, observe=observe, judge=passes, deadline_s=5.0
    )


def ended(
    *probes: Probe[Any], targets: tuple[Target, ...] = (LOCAL,), own: Mapping[Target, Settings] | None = None
) -> Report:
    """The report of a run of these probes."""
    events: list[Event] = []
    asyncio.run(run(Plan("check", targets, probes, Settings(), 3.0, own=own or {}), events.append))
    return diagnose(fold(events))


def cell(target: Target) -> Cell:
    """The target's only cell."""
    return Cell(target, target, "udp", Address(target.host, 3478))


def test_what_an_answer_names_is_checked_with_the_credential_that_came_with_it() -> None:
    report = ended(probe(names(Lead(parse("turn:127.0.0.1:5000?transport=udp"), ALICE))))
    assert [(check.asked, check.summary) for check in report.checks] == [
        ("turn:127.0.0.1:3478?transport=udp", "asked as nobody"),
        ("turn:127.0.0.1:5000?transport=udp from turn:127.0.0.1:3478?transport=udp", "asked as alice"),
    ]
    assert report.checks[1].target == "turn:127.0.0.1:5000?transport=udp"


def test_what_is_checked_already_with_that_credential_is_not_checked_again() -> None:
    report = ended(probe(names(Lead(LOCAL), Lead(LOCAL, ALICE))))
    assert report.checks[0].evidence["followed"] == ["known", "followed"]
    assert len(report.checks) == 2


def test_answers_that_lead_on_and_on_are_followed_so_far_and_no_further() -> None:
    async def leads_on(ctx: Context) -> Seen:
        port = (ctx.cell.target.port or 0) + 1
        return Seen("", (ctx.follow(Lead(parse(f"turn:127.0.0.1:{port}?transport=udp"))),))

    report = ended(probe(leads_on))
    assert [check.evidence["followed"] for check in report.checks] == [["followed"]] * DEEPEST + [["too-many"]]


def test_an_answer_that_names_a_thousand_servers_costs_no_more_than_some() -> None:
    leads = [Lead(parse(f"turn:127.0.0.1:{port}?transport=udp")) for port in range(1000, 2000)]
    report = ended(probe(names(*leads)))
    assert report.checks[0].evidence["followed"].count("followed") == 32
    assert len(report.checks) == 33


def test_no_answer_of_a_distant_server_leads_to_this_host_or_its_link() -> None:
    for uri in ("turn:127.0.0.1", "turn:[::1]", "turn:169.254.169.254", "turn:0.0.0.0", "turn:224.0.0.1"):
        assert led(NOTHING, Order(REMOTE, Settings()), cell(REMOTE), Lead(parse(uri))) is None
    followed = led(NOTHING, Order(REMOTE, Settings()), cell(REMOTE), Lead(parse("turn:192.168.1.9")))
    assert followed is not None
    assert "loopback" in followed.shunned


def test_a_server_on_loopback_may_lead_to_loopback_and_so_may_what_it_leads_to() -> None:
    first = led(NOTHING, Order(LOCAL, Settings()), cell(LOCAL), Lead(REMOTE))
    assert first is not None
    assert led(NOTHING, first, cell(REMOTE), Lead(LOCAL)) is not None
    assert led(NOTHING, first, cell(REMOTE), Lead(parse("turn:169.254.169.254"))) is None


def test_secrets_and_expectations_of_one_server_do_not_go_to_another() -> None:
    settings = Settings(
        credential=ALICE,
        api_secret=Secret("s"),
        query_secrets=(("key", Secret("k")),),
        expect=Expectations(closed=True, page="https://www.example.org/app"),
    )
    followed = led(NOTHING, Order(REMOTE, settings), cell(REMOTE), Lead(parse("turn:192.0.2.8")))
    assert followed is not None
    assert followed.settings == Settings(expect=Expectations(page="https://www.example.org/app"))


def test_a_target_has_settings_of_its_own() -> None:
    other = parse("turn:127.0.0.2:3478?transport=udp")
    own = {other: Settings(credential=ALICE, group="meeting")}
    report = ended(probe(names()), targets=(LOCAL, other), own=own)
    assert [(check.group, check.summary) for check in report.checks] == [
        (None, "asked as nobody"),
        ("meeting", "asked as alice"),
    ]


def test_a_check_that_the_user_leaves_out_says_so() -> None:
    report = ended(probe(names()), probe(names(), "b.names"), own={LOCAL: Settings(skip=("b.names",))})
    assert [(check.id, check.status) for check in report.checks] == [("a.names", "pass"), ("b.names", "skip")]
    assert report.checks[1].summary == "not tested: the user leaves it out"


def test_a_target_that_takes_too_long_is_cut_off_and_the_others_are_not() -> None:
    other = parse("turn:127.0.0.2:3478?transport=udp")
    slow = probe(hangs, "b.hangs")
    report = ended(probe(names()), slow, targets=(LOCAL, other), own={LOCAL: Settings(timeout_s=0.05)})
    summaries = [check.summary for check in report.checks if check.id == "b.hangs"]
    assert summaries[0] == "not decided: the target reached its own limit of 0.05 s"
    assert "deadline of 3 s" in summaries[1]


def test_the_ports_that_the_user_declares_for_a_relay_hold_for_it_wherever_it_is_named() -> None:
    own = {parse("turn:192.0.2.8?transport=udp"): Settings(relay_ports=(50000, 50100))}
    plan = Plan("check", tuple(own), (), Settings(), own=own)
    same, other = (
        led(plan, Order(REMOTE, Settings()), cell(REMOTE), Lead(parse(uri)))
        for uri in ("turn:192.0.2.8:3478", "turn:192.0.2.9")
    )
    assert same is not None
    assert other is not None
    assert (same.settings.relay_ports, other.settings.relay_ports) == ((50000, 50100), None)
