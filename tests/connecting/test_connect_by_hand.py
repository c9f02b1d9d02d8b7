"""Two natprobes behind NATs of their own, and somebody who carries the lines: by the clipboard, by pipes, by files."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from natprobe.fold import fold
from natprobe.record import read
from tests.connecting.ends import STUN, TURN, End, behind, call, carry, ended, line_of, secret_of, start
from tests.lab.coturn import USER
from tests.lab.natworld import NatWorld
from tests.lab.process import wait_until
from tests.lab.world import natprobe_command

pytestmark = [pytest.mark.lab, pytest.mark.tun, pytest.mark.timeout(180)]

WITH_TURN = (TURN, "-u", USER)


@pytest.fixture(scope="module")
def world() -> Iterator[NatWorld]:
    """One world for all."""
    with NatWorld(2) as built:
        yield built


def test_two_port_restricted_nats_connect_directly_and_both_sides_tell_path_and_quality(world: NatWorld) -> None:
    for end in call(world, ("EIM/APDF", "EIM/APDF"), STUN, "-4"):
        assert (end.code, end.findings) == (0, set())
        assert end.selected in {("host", "srflx"), ("host", "prflx")}
        assert "connected directly in " in end.check["summary"]
        quality, checks = end.call["quality"], end.call["checks"]
        assert (quality["outward"]["sent"], quality["inward"]["sent"]) == (50, 50)
        assert quality["outward"]["arrived"] > 0
        assert quality["inward"]["arrived"] > 0
        assert {"rtt_ms"} <= quality.keys()
        assert all("jitter_ms" in quality[way] for way in ("outward", "inward"))
        assert checks["sent"] >= checks["answered"] > 0
        assert checks["received"] > 0
        assert end.call["connect_ms"] > 0


def test_each_side_tells_what_the_other_side_got(world: NatWorld) -> None:
    one, other = call(world, ("none/open", "EIM/APDF"), STUN, "-4")
    assert one.call["quality"]["outward"] == other.call["quality"]["inward"]
    assert other.call["quality"]["outward"] == one.call["quality"]["inward"]
    assert (one.call["role"], other.call["role"]) == ("controlling", "controlled")


def test_where_no_direct_pair_can_form_a_relay_carries_it_and_that_it_was_needed_is_said(world: NatWorld) -> None:
    one, other = call(world, ("APDM/APDF", "EIM/APDF"), STUN, *WITH_TURN, "-4")
    for end in (one, other):
        assert "relay" in end.selected
        assert "connected through a relay" in end.check["summary"]
        assert end.call["direct_refuted"] is True
        assert end.findings == {"ice-needs-relay"}
        assert (end.code, end.report["verdict"]) == (0, "warn")
    assert [kind == "relay" for kind in one.selected] == [kind == "relay" for kind in other.selected[::-1]]


def test_with_the_policy_relay_both_ends_are_relays(world: NatWorld) -> None:
    for end in call(world, ("EIM/APDF", "EIM/APDF"), *WITH_TURN, "--policy", "relay", "-4"):
        assert end.selected == ("relay", "relay")
        assert (end.code, end.findings) == (0, set())
        assert end.call["selected"]["relay_protocol"] == "udp"
        assert {each["type"] for each in end.report["candidates"]} == {"relay"}


def test_with_udp_blocked_a_relay_over_tcp_carries_it(world: NatWorld) -> None:
    one, other = call(world, ("udp-blocked", "EIM/APDF"), f"{TURN}?transport=tcp", "-u", USER, "-4")
    assert one.selected[0] == "relay"
    assert one.call["selected"]["relay_protocol"] == "tcp"
    assert other.selected[1] == "relay"
    assert one.code == other.code == 0


def test_with_udp_blocked_and_no_turn_it_fails_and_says_what_is_needed(world: NatWorld) -> None:
    one, other = call(world, ("udp-blocked", "EIM/APDF"), STUN, "-4")
    assert one.code == 1
    assert other.check["summary"].endswith("answered, and 0 had come in when the run was interrupted")
    assert " checks were sent, 0 answered" in other.check["summary"]
    assert {"ice-check-timeout", "ice-needs-relay", "ice-error-701"} <= one.findings
    assert "selected" not in one.call
    assert one.call["checks"]["sent"] > 5
    assert one.call["checks"].get("answered", 0) == 0
    assert "no pair was nominated within 10 s" in one.check["summary"]


def test_a_wrong_credential_is_told_by_its_code_and_the_direct_call_still_stands(world: NatWorld) -> None:
    a, b = behind(world, "EIM/APDF", "EIM/APDF")
    wrong = (STUN, TURN, "-u", USER, "-p", "mistaken", "-4")
    one, other = carry(start(a, *wrong), lambda offer: start(b, offer, STUN, "-4"))
    assert (one.code, other.code) == (1, 0)
    assert {"turn-auth-401-bad-credentials", "ice-no-relay"} <= one.findings
    assert "connected directly" in one.check["summary"]
    assert one.report["candidate_errors"][0]["code"] == 401


def test_with_a_wrong_credential_and_the_policy_relay_there_is_nothing_to_call_with(world: NatWorld) -> None:
    a, b = behind(world, "EIM/APDF", "EIM/APDF")
    wrong = (TURN, "-u", USER, "-p", "mistaken", "-4", "--policy", "relay")
    one, _ = carry(start(a, *wrong), lambda offer: start(b, offer, STUN, "-4"))
    assert one.code == 1
    assert {"ice-relay-only-no-turn", "turn-auth-401-bad-credentials"} <= one.findings


def test_pipes_carry_the_lines_alone_and_the_reports_go_to_stderr(world: NatWorld, tmp_path: Path) -> None:
    a, b = behind(world, "EIM/APDF", "EIM/ADF")
    there, back, said = os.pipe(), os.pipe(), [tmp_path / "a", tmp_path / "b"]
    boxes = ((a, back[0], there[1], ()), (b, there[0], back[1], ("-",)))
    with ExitStack() as files:
        ends = [
            subprocess.Popen(
                box.command(*natprobe_command("connect", STUN, *more, "-4")),
                stdin=reads, stdout=writes, stderr=files.enter_context(file.open("wb")),
            )
            for (box, reads, writes, more), file in zip(boxes, said, strict=True)
        ]  # fmt: skip
        for descriptor in (*there, *back):
            os.close(descriptor)
    assert [end.wait(60) for end in ends] == [0, 0]
    for file in said:
        text = file.read_text()
        assert "ice.connect  connected directly in" in text
        assert "natprobe-offer-1." not in text
        assert "natprobe-answer-1." not in text


def test_files_carry_them_too_and_are_gone_afterwards(world: NatWorld, tmp_path: Path) -> None:
    a, b = behind(world, "EIM/APDF", "EIM/ADF")
    files = ("--offer-file", str(tmp_path / "offer"), "--answer-file", str(tmp_path / "answer"))
    with start(b, STUN, *files, "--answer", "-4") as answering, start(a, STUN, *files, "-4") as offering:
        ends = ended(offering), ended(answering)
    assert [end.code for end in ends] == [0, 0]
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_another_session_is_waited_out(world: NatWorld, tmp_path: Path) -> None:
    a, b = behind(world, "EIM/APDF", "EIM/ADF")
    offer, answer = tmp_path / "offer", tmp_path / "answer"
    files = ("--offer-file", str(offer), "--answer-file", str(answer))
    with start(a, STUN, "-4") as earlier:
        stale = line_of(earlier, "offer")
        with start(b, STUN, stale, "--answer-file", str(answer), "-4") as late:
            assert wait_until(answer.exists, 10.0)
            left = answer.read_text()
            late.interrupt()
            late.wait()
        earlier.interrupt()
        earlier.wait()
    answer.write_text(left)
    with start(a, STUN, *files, "-4") as offering:
        offering.wait_for("waiting for the answer")
        with start(b, STUN, *files, "--answer", "-4") as answering:
            assert [ended(each).code for each in (offering, answering)] == [0, 0]


def interrupted(world: NatWorld, *arguments: str, sign: str) -> End:
    a, _ = behind(world, "EIM/APDF", "EIM/APDF")
    with start(a, *arguments, secret=True) as running:
        running.wait_for(sign)
        running.interrupt()
        return ended(running)


def test_interrupted_while_it_waits_it_says_so_and_keeps_what_it_found(world: NatWorld) -> None:
    end = interrupted(world, STUN, *WITH_TURN, "-4", sign="paste the answer")
    assert end.code == 130
    assert end.check["status"] == "inconclusive"
    assert end.check["summary"] == "not decided: no answer to the offer had come when the run was interrupted"
    assert {each["type"] for each in end.report["candidates"]} == {"host", "srflx", "relay"}


def test_the_deadline_ends_the_waiting(world: NatWorld) -> None:
    a, _ = behind(world, "EIM/APDF", "EIM/APDF")
    with start(a, STUN, "-4", "--timeout", "4") as running:
        end = ended(running)
    assert end.code == 4
    assert end.check["summary"] == (
        "not decided: no answer to the offer had come when the run reached its deadline of 4 s"
    )


def test_the_password_of_the_call_is_in_no_recording_and_the_report_is_its_fold(
    world: NatWorld, tmp_path: Path
) -> None:
    a, b = behind(world, "EIM/APDF", "EIM/APDF")
    recording = tmp_path / "run.jsonl"
    with start(a, STUN, "-4", "--record", str(recording)) as offering:
        offer = line_of(offering, "offer")
        with start(b, offer, STUN, "-4") as answering:
            answer = line_of(answering, "answer")
            offering.enter(answer + "\n")
            assert [ended(each).code for each in (offering, answering)] == [0, 0]
    kept = recording.read_bytes()
    for line in (offer, answer):
        assert secret_of(line).encode() not in kept
        assert line.encode() not in kept
    checks = fold(read(kept.splitlines())).checks
    assert [check.id for check in checks][-1] == "ice.connect"
