"""Which packets belong to a cell, and the diagram of them."""

import msgspec
import pytest

from natprobe.address import Address
from natprobe.events import Packet
from natprobe.wire.describe import describe
from natprobe_tui.packets import PACKETS_KEPT, ROUNDS_KEPT, Captured, Step, as_address
from natprobe_tui.place import Cell
from natprobe_tui.sequence import hex_lines, lane_heading, lanes, step_row
from tests.tui.stage import SERVER, SHUT_ROUND, TURN, board_of, recorded, rounds

BOARD = board_of(rounds(SHUT_ROUND))


def cell_over(transport: str) -> Cell:
    return next(cell for cell in BOARD.cells if cell.transport == transport)


def steps_over(transport: str) -> tuple[Step, ...]:
    return BOARD.captured.of_cell(cell_over(transport), BOARD.report.checks)


@pytest.mark.parametrize("transport", ["udp", "tls"])
def test_a_ladder_is_talk_of_client_server_relay_and_peer(transport: str) -> None:
    found = steps_over(transport)
    assert lanes(found) == ("client", "server", "relay", "peer")
    ways = {(step.sender, step.receiver) for step in found}
    assert ways >= {("client", "server"), ("server", "client"), ("peer", "relay")}
    assert ways <= {("client", "server"), ("server", "client"), ("peer", "relay"), ("relay", "peer"),
                    ("peer", "server"), ("server", "peer")}  # fmt: skip


def test_no_packet_belongs_to_two_cells_and_none_to_nobody() -> None:
    every = [step.packet for transport in ("udp", "tls") for step in steps_over(transport)]
    kept = [event for event in rounds(SHUT_ROUND) if isinstance(event, Packet)]
    assert len(every) == len(set(map(id, every)))
    named = [packet for packet in kept if packet.remote.port != 53]
    assert len(every) == len(named)


def test_what_was_said_by_tls_stands_in_the_tls_cell_only() -> None:
    assert {step.packet.transport for step in steps_over("tls") if "client" in (step.sender, step.receiver)} == {"tls"}
    assert {step.packet.transport for step in steps_over("udp")} == {"udp"}


def test_the_steps_are_in_order_of_time() -> None:
    times = [step.at_ms for step in steps_over("udp")]
    assert times == sorted(times)


def test_where_the_newest_round_has_no_packets_those_of_the_round_before_are_shown() -> None:
    board = board_of(rounds(SHUT_ROUND + 1))
    assert board.captured.of_cell(cell_over("udp"), board.report.checks)


def test_a_target_as_a_whole_has_no_packets() -> None:
    assert BOARD.captured.of_cell(Cell(TURN, TURN, None, None), BOARD.report.checks) == ()


@pytest.mark.parametrize(
    ("sender", "receiver", "arrow"),
    [
        ("client", "server", "●──────►│       │       │"),
        ("server", "client", "│◄──────●       │       │"),
        ("client", "peer", "●──────────────────────►│"),
        ("peer", "relay", "│       │       │◄──────●"),
    ],
)
def test_an_arrow_goes_from_lane_to_lane(sender: str, receiver: str, arrow: str) -> None:
    step = steps_over("udp")[0]._replace(sender=sender, receiver=receiver, at_ms=12.34)  # type: ignore[arg-type]
    row = "".join(text for text, _ in step_row(step, ("client", "server", "relay", "peer"), "words", 60))
    assert row.startswith(f"     12.3  {arrow} words")


def test_the_heading_names_the_lanes_where_they_stand() -> None:
    heading = lane_heading(lanes(steps_over("udp")))
    assert [heading.index(lane) for lane in ("client", "server", "relay", "peer")] == [11, 19, 27, 35]


def test_bytes_are_shown_sixteen_a_line_with_their_text() -> None:
    assert hex_lines(bytes(range(60, 80))) == (
        "0000  3c 3d 3e 3f 40 41 42 43  44 45 46 47 48 49 4a 4b  <=>?@ABCDEFGHIJK",
        "0010  4c 4d 4e 4f                                       LMNO",
    )
    assert hex_lines(b"") == ()


def test_packets_are_bounded_by_round_and_number() -> None:
    captured = Captured()
    packet = Packet(
        at_ms=1, transport="udp", direction="sent", local=Address("198.51.100.20", 4000), remote=SERVER, data=b"x"
    )
    for _ in range(ROUNDS_KEPT + 2):
        captured.begin()
        for number in range(PACKETS_KEPT + 5):
            captured.add(msgspec.structs.replace(packet, at_ms=number) if number < 5 else packet)
    found = captured.of_cell(Cell(TURN, TURN, "udp", SERVER), ())
    assert len(found) == PACKETS_KEPT


def test_nothing_secret_is_in_the_words_of_a_packet() -> None:
    every = " ".join(describe(event.data) for event in recorded() if isinstance(event, Packet))
    assert "USERNAME" in every
    assert "p4ss-of-the-lab" not in every


@pytest.mark.parametrize("value", [None, 3, {}, {"host": 1, "port": 2}, {"host": "a", "port": "b"}, {"host": "a"}])
def test_what_is_no_address_is_none(value: object) -> None:
    assert as_address(value) is None
