"""This host in the dashboard: what is known of it, how it is drawn, and its own page."""

import msgspec
import pytest

from natprobe.address import Address
from natprobe.events import CandidateFound, CandidateMissed, NatClassified, Packet, RunEnded, RunStarted
from natprobe.model import Candidate, CandidateError, NatBehaviour, Status
from natprobe_tui.board import Board
from natprobe_tui.facts import host_words
from natprobe_tui.host import MOST, Host
from natprobe_tui.host_picture import candidate_lines, drawing, nat_lines, sketch
from natprobe_tui.host_screen import HostScreen
from natprobe_tui.main_screen import MainScreen
from natprobe_tui.packets import mapped
from natprobe_tui.sequence import lanes, step_row
from tests.tui.stage import a_round, a_start, at_home, board_of, playing, text_of, until

LOCAL, SEEN = Address("10.7.0.2", 44538), Address("198.51.100.20", 44538)
CONE = NatBehaviour(
    type="port-restricted-cone",
    mapping="endpoint-independent",
    filtering="address-and-port-dependent",
    local=LOCAL,
    mapped=SEEN,
    port_preservation=True,
)
OPEN = NatBehaviour(type="open-internet", mapping="none", filtering="endpoint-independent", local=SEEN, mapped=SEEN)
BLOCKED = NatBehaviour(type="udp-blocked", mapping="unknown", filtering="unknown", local=LOCAL)


def host_of(board: Board) -> Host:
    return board.host


def test_a_look_at_this_host_changes_nothing_about_the_servers() -> None:
    end = next(number for number, event in enumerate(at_home()) if isinstance(event, RunEnded))
    before, after = board_of(at_home()[: end + 1]), board_of(at_home())
    assert after.report == before.report
    assert (after.rounds, after.changes, after.checks) == (1, before.changes, before.checks)
    assert after.host.nat is not None
    assert [found.type for found in after.host.candidates] == ["host", "srflx", "relay", "relay"]


def test_the_packets_of_the_servers_outlast_a_look_at_this_host() -> None:
    board = board_of(at_home())
    cells = [cell for cell in board.cells if cell.transport is not None]
    assert all(board.captured.of_cell(cell, board.report.checks) for cell in cells)


def test_a_kept_report_holds_the_nat_and_the_candidates() -> None:
    board = board_of(at_home())
    assert board.kept.nat == board.host.nat
    assert board.kept.candidates == tuple(board.host.candidates)
    assert board.kept.checks == board.report.checks


def test_a_recording_of_natprobe_nat_alone_shows_its_checks_as_a_round() -> None:
    starts = [number for number, event in enumerate(at_home()) if isinstance(event, RunStarted)]
    board = board_of(at_home()[starts[1] : starts[2]])
    assert board.rounds == 1
    assert {check.id.partition(".")[0] for check in board.report.checks} == {"nat"}
    assert board.report.nat is not None


def test_while_it_is_looked_at_it_says_so() -> None:
    board = board_of((*a_round(("a.b", Status.PASS)), msgspec.structs.replace(a_start(2), command="gather")))
    assert host_words(board) == "probe.example.org: looking at it"
    board.hear(RunEnded(at_ms=5))
    assert host_words(board) == "probe.example.org"


def test_a_new_gathering_forgets_the_candidates_of_the_one_before() -> None:
    host = Host()
    for event in at_home():
        host.hears(event)
    host.hears(msgspec.structs.replace(a_start(2), command="gather"))
    assert (host.candidates, host.missed) == ([], [])
    assert host.nat is not None


def test_candidates_are_bounded() -> None:
    host = Host()
    found = next(event for event in at_home() if isinstance(event, CandidateFound))
    for _ in range(MOST + 5):
        host.hears(found)
        host.hears(CandidateMissed(error=CandidateError(url="stun:192.0.2.1", text="silent", at_ms=3.0)))
    assert (len(host.candidates), len(host.missed)) == (MOST, MOST)


@pytest.mark.parametrize(
    ("nat", "way"),
    [
        (CONE, "10.7.0.2 ──[ NAT: port-restricted-cone ]── 198.51.100.20"),
        (OPEN, "198.51.100.20 ──── Internet (no NAT)"),
        (BLOCKED, "10.7.0.2 ──╳ UDP gets no answer"),
    ],
)
def test_the_way_out_is_drawn_in_one_line(nat: NatBehaviour, way: str) -> None:
    board = Board()
    board.hear(a_start())
    board.hear(NatClassified(at_ms=1, nat=msgspec.convert({"ipv4": msgspec.to_builtins(nat)}, type=_NAT)))
    assert sketch(board.host) == way
    assert host_words(board) == f"probe.example.org: {way}"


_NAT = NatClassified.__annotations__["nat"]


def test_a_nat_is_a_box_between_what_we_have_and_what_servers_see() -> None:
    lines = drawing("laptop", "IPv4", CONE)
    assert lines[:5] == (
        "IPv4",
        "  laptop  10.7.0.2:44538",
        "      │",
        "  ┌───┴─ NAT ──────────────────────────────────────────────┐",
        "  │ type             port-restricted-cone                  │",
    )
    assert len({len(line) for line in lines if line[2] in "┌│└"}) == 1
    assert "      │  servers see 198.51.100.20:44538" in lines


def test_where_nothing_crosses_the_line_is_cut() -> None:
    assert any("╳" in line for line in drawing("laptop", "IPv4", BLOCKED))
    assert any("no NAT: packets get in unasked" in line for line in drawing("laptop", "IPv4", OPEN))


def test_a_nat_of_which_little_is_known_says_so() -> None:
    unknown = NatBehaviour(type="unknown", mapping="unknown", filtering="unknown")
    lines = drawing("laptop", "IPv4", unknown)
    assert "      │  how servers see it is not known" in lines
    assert any(line.startswith("  │ mapping          unknown") for line in lines)


def test_every_line_fits_the_screen() -> None:
    host = host_of(board_of(at_home()))
    for columns in (72, 78, 200):
        lines = (*nat_lines("laptop.example.org", host, columns), *candidate_lines(host, columns))
        assert max(map(len, lines)) <= columns


def test_a_server_that_gave_no_candidate_is_told_with_its_reason() -> None:
    host = Host()
    host.hears(CandidateMissed(error=CandidateError(url="turn:192.0.2.1", code=401, text="Unauth\x1b", at_ms=51.0)))
    (line,) = candidate_lines(host, 80)
    assert line.startswith("    51 ms  none   turn:192.0.2.1: 401 Unauth")
    assert "\x1b" not in line


def test_where_several_addresses_asked_for_a_relay_each_is_named() -> None:
    host, own, other = Host(), Address("10.7.0.2", 0), Address("10.99.0.5", 0)
    relay = Candidate(
        candidate="x",
        type="relay",
        protocol="udp",
        address=SEEN,
        priority=1,
        url="turn:192.0.2.1",
        relay_protocol="udp",
        base=own,
        gathered_ms=1.0,
    )
    host.hears(CandidateFound(candidate=relay))
    host.hears(CandidateMissed(error=CandidateError(url="turn:192.0.2.1", text="silent", base=other, at_ms=51.0)))
    got, missed = candidate_lines(host, 120)
    assert got.endswith("turn:192.0.2.1 by udp for 10.7.0.2")
    assert missed.endswith("none   turn:192.0.2.1 for 10.99.0.5: silent")


async def test_h_shows_the_nat_and_the_candidates_and_escape_goes_back() -> None:
    async with playing(at_home(), (120, 50)) as (app, pilot):
        assert "10.7.0.2 ──[ NAT: port-restricted-cone ]── 198.51.100.20" in text_of(app)
        await pilot.press("h")
        await until(pilot, lambda: "┌───┴─ NAT ─" in text_of(app))
        text = text_of(app)
        assert all(word in text for word in ("filtering        address-and-port-dependent", "nat.mapping", "srflx"))
        await pilot.press("y")
        assert "srflx" in app.clipboard
        await pilot.press("escape")
        assert isinstance(app.screen, MainScreen)


async def test_candidates_show_as_they_are_gathered() -> None:
    starts = [number for number, event in enumerate(at_home()) if isinstance(event, RunStarted)]
    first = next(n for n, event in enumerate(at_home()) if n > starts[2] and isinstance(event, CandidateFound))
    async with playing(at_home()[: first + 1], (120, 50)) as (app, pilot):
        await pilot.press("h")
        await until(pilot, lambda: isinstance(app.screen, HostScreen) and "looking at it" in text_of(app))
        assert "host   udp  10.7.0.2" in text_of(app)
        assert "srflx" not in text_of(app)
        for event in at_home()[first + 1 :]:
            app.hear(event)
        await until(pilot, lambda: "srflx" in text_of(app) and "looking at it" not in text_of(app))


def test_packets_cross_the_nat_where_the_server_saw_another_address() -> None:
    board = board_of(at_home())
    cell = next(cell for cell in board.cells if cell.transport == "tls")
    found = board.captured.of_cell(cell, board.report.checks)
    seen = mapped(found, cell, board.report.checks)
    assert seen is not None
    assert seen.host == "198.51.100.20"
    shown = lanes(found, translated=True)
    assert shown == ("client", "NAT", "server", "relay", "peer")
    sent = next(step for step in found if (step.sender, step.receiver) == ("client", "server"))
    assert "".join(text for text, _ in step_row(sent, shown, "words", 70))[11:].startswith("●───────┼──────►│")
    assert isinstance(found[0].packet, Packet)


def test_an_address_that_a_candidate_holds_is_cleaned() -> None:
    host = Host()
    hostile = Candidate(
        candidate="x", type="host", protocol="udp", address=Address("a\x1b[2J", 1), priority=1, gathered_ms=1.0
    )
    host.hears(CandidateFound(candidate=hostile))
    assert "\x1b" not in "".join(candidate_lines(host, 80))
