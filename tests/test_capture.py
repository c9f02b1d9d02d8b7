"""A capture of a run: Wireshark's own dissector reads it, and secrets are in it only where that was asked for."""

import subprocess
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from natprobe.address import Address
from natprobe.capture import LONGEST_SEGMENT, Capture, CaptureError, frames, write
from natprobe.cli import main
from natprobe.events import Event, Packet, RunStarted, TransportName
from natprobe.model import Vantage
from natprobe.net.raw import INSTALL
from natprobe.wire.message import Message, parse
from natprobe.wire.registry import Attribute
from tests.lab.namespace import tool

HERE, SERVER = Address("192.0.2.17", 40112), Address("203.0.113.10", 3478)
HERE6, SERVER6 = Address("2001:db8::17", 40112), Address("2001:db8::10", 443)
BINDING = bytes.fromhex("000100002112a442") + b"transaction!"
CHANNEL_DATA = bytes.fromhex("40000005") + b"hello"
STARTED = RunStarted(
    natprobe="0.1.0",
    command="check",
    started="2026-11-21T09:00:00.500Z",
    deadline_ms=20000.0,
    vantage=Vantage(hostname="", platform=""),
    targets=(),
)


def packet(transport: TransportName = "udp", data: bytes = BINDING, at_ms: float = 1.5, **more: object) -> Packet:
    fields = {"direction": "sent", "local": HERE, "remote": SERVER} | more
    return Packet(at_ms=at_ms, transport=transport, data=data, **fields)  # type: ignore[arg-type]


def captured(path: Path, *packets: Event) -> Path:
    write(path, (STARTED, *packets))
    return path


def dissected(path: Path, *fields: str, options: Iterable[str] = ()) -> list[list[str]]:
    """What tshark says of each frame."""
    program = tool("tshark")
    assert program
    checks = ("ip.check_checksum", "udp.check_checksum", "tcp.check_checksum")
    wanted = [part for field in fields for part in ("-e", field)]
    preferences = [part for check in checks for part in ("-o", f"{check}:TRUE")]
    done = subprocess.run(
        [program, "-n", "-r", str(path), *preferences, *options, "-T", "fields", *wanted],
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.split("\t") for line in done.stdout.splitlines()]


def test_a_frame_has_the_time_of_its_event() -> None:
    (frame,) = frames((STARTED, packet()))
    assert frame.at_s == pytest.approx(1795251600.5015)
    assert (frame.source, frame.destination, frame.outbound) == (HERE, SERVER, True)


def test_frames_stand_in_the_order_of_their_times() -> None:
    late, early = packet(at_ms=9.0, data=b"late"), packet(at_ms=3.0, data=b"early")
    assert [frame.data for frame in frames((STARTED, late, early))] == [b"early", b"late"]


def test_what_is_received_comes_from_the_other_side_and_the_numbers_of_a_stream_fit() -> None:
    told = (packet("tcp"), packet("tcp", at_ms=2.0, direction="received", data=b"x" * 30), packet("tcp", at_ms=3.0))
    first, answer, last = frames(told)
    assert (answer.source, answer.destination) == (SERVER, HERE)
    assert (first.sequence, answer.sequence, last.sequence) == (1, 1, 1 + len(BINDING))
    assert (first.acknowledged, answer.acknowledged, last.acknowledged) == (1, 1 + len(BINDING), 31)


def test_a_message_that_no_segment_can_hold_is_cut() -> None:
    sizes = [len(frame.data) for frame in frames((packet("tcp", data=bytes(LONGEST_SEGMENT + 7)),))]
    assert sizes == [LONGEST_SEGMENT, 7]


def test_a_socket_for_both_families_is_written_in_the_family_that_it_spoke() -> None:
    (frame,) = frames((packet(local=Address("::", 5000)),))
    assert frame.source == Address("0.0.0.0", 5000)


@pytest.mark.parametrize(("transport", "below"), [("tls", "tcp.port"), ("dtls", "udp.port")])
def test_what_was_encrypted_says_so(transport: TransportName, below: str) -> None:
    (frame,) = frames((packet(transport),))
    assert frame.comment is not None
    assert f"inside {transport.upper()} on the wire" in frame.comment
    assert f"Decode As {below} 3478, STUN" in frame.comment
    assert next(frames((packet("udp"),))).comment is None


def test_a_time_that_cannot_be_read_is_the_epoch() -> None:
    (frame,) = frames((packet(at_ms=1500.0),))
    assert frame.at_s == 1.5


def test_a_capture_is_for_its_owner_only(tmp_path: Path) -> None:
    Capture(tmp_path / "run.pcapng")
    assert (tmp_path / "run.pcapng").stat().st_mode & 0o777 == 0o600


def test_a_capture_that_cannot_be_written_says_so_at_once() -> None:
    with pytest.raises(CaptureError, match=r"nowhere.*cannot be written \(No such file or directory\)"):
        Capture(Path("/nowhere/run.pcapng"))


@pytest.mark.tshark
@pytest.mark.parametrize("transport", ["udp", "tcp", "tls", "dtls"])
@pytest.mark.parametrize(("local", "remote"), [(HERE, SERVER), (HERE6, Address("2001:db8::10", 3478))])
def test_tshark_dissects_stun_and_channel_data_with_right_checksums(
    tmp_path: Path, transport: TransportName, local: Address, remote: Address
) -> None:
    told = (("sent", BINDING), ("received", CHANNEL_DATA), ("received", CHANNEL_DATA))
    both = (packet(transport, data, direction=way, local=local, remote=remote) for way, data in told)
    below = "tcp" if transport in ("tcp", "tls") else "udp"
    rows = dissected(
        captured(tmp_path / "x.pcapng", *both),
        "_ws.col.Protocol", "stun.type", "stun.channel", f"{below}.checksum.status", f"{below}.srcport",
        "frame.time_epoch",
    )  # fmt: skip
    time = "1795251600.501500000"
    data = ["STUN", "", "0x4000", "1", "3478", time]
    assert rows == [["STUN", "0x0001", "", "1", "40112", time], data, data]


@pytest.mark.tshark
def test_stun_inside_tls_on_443_is_shown_as_the_comment_tells(tmp_path: Path) -> None:
    path = captured(tmp_path / "x.pcapng", packet("tls", local=HERE6, remote=SERVER6))
    ((comment, interface),) = dissected(path, "frame.comment", "frame.interface_name")
    assert "Decode As tcp.port 443, STUN" in comment
    assert interface == "tls"
    assert dissected(path, "stun.type", options=("-d", "tcp.port==443,stun")) == [["0x0001"]]


@pytest.mark.tshark
def test_a_run_without_a_message_is_a_valid_capture(tmp_path: Path) -> None:
    assert dissected(captured(tmp_path / "x.pcapng"), "frame.number") == []


@pytest.mark.tshark
def test_a_whole_run_is_stun_to_tshark_and_nothing_is_malformed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    live, recording, replayed = tmp_path / "live.pcapng", tmp_path / "run.jsonl", tmp_path / "replayed.pcapng"
    assert main(["demo", "--pcap", str(live), "--record", str(recording)]) == 0
    assert main(["replay", str(recording), "--pcap", str(replayed)]) == 0
    assert live.read_bytes() == replayed.read_bytes()
    rows = dissected(live, "_ws.col.Protocol", "stun.type.method", "stun.channel", "_ws.malformed")
    assert {row[0] for row in rows} == {"STUN"}
    methods = Counter(row[1] for row in rows)
    assert set(methods) >= {"0x0001", "0x0003", "0x0004", "0x0006", "0x0007", "0x0008", "0x0009"}
    assert any(row[2] for row in rows)
    assert not any(row[3] for row in rows)


def values(path: Path, attribute: int) -> list[bytes]:
    """Every value of an attribute in the messages of a capture."""
    from scapy.layers.inet import TCP, UDP
    from scapy.utils import rdpcap

    payloads = [bytes(frame[TCP if TCP in frame else UDP].payload) for frame in rdpcap(str(path))]
    messages = [message for data in payloads if isinstance(message := parse(data), Message)]
    return [each.value for message in messages for each in message.attributes if each.type == attribute]


def test_nonces_and_integrity_values_are_in_it_only_where_that_was_asked_for(tmp_path: Path) -> None:
    kept, raw = tmp_path / "kept.pcapng", tmp_path / "raw.pcapng"
    assert main(["demo", "--pcap", str(kept)]) == 0
    assert main(["demo", "--pcap", str(raw), "--pcap-raw"]) == 0
    for attribute in (Attribute.NONCE, Attribute.MESSAGE_INTEGRITY):
        assert values(kept, attribute)
        assert not any(map(any, values(kept, attribute)))
        assert all(map(any, values(raw, attribute)))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["demo", "--pcap", "/nowhere/run.pcapng"], "cannot be written"),
        (["demo", "--pcap-raw"], "--pcap FILE"),
        (["replay", "missing.jsonl", "--pcap", "/nowhere/run.pcapng"], "cannot be read"),
    ],
)
def test_a_capture_that_cannot_be_is_one_line(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured_text = capsys.readouterr()
    assert words in captured_text.err
    assert (captured_text.out, captured_text.err.count("\n")) == ("", 1)


def test_without_scapy_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("scapy", "scapy.layers", "scapy.layers.inet"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    assert main(["demo", "--pcap", str(tmp_path / "run.pcapng")]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err) == (
        "",
        f"natprobe: --pcap: a capture needs scapy, which is not installed; {INSTALL}\n",
    )
    assert not (tmp_path / "run.pcapng").exists()
