"""Wrong command lines of `natprobe connect`: one line, exit code 2, and nothing is sent."""

import io
import os

import pytest

from natprobe.cli import main
from natprobe.client.description import Description
from natprobe.connecting.by_hand import Terminal
from natprobe.credential import Secret

OFFER = Description(session=b"12345678", ufrag="a1b2", password=Secret("x" * 22), candidates=()).line("offer")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("natprobe-offer-1.x",), "cut short, or holds something else"),
        ((OFFER[:-1],), "cut short, or holds something else"),
        ((OFFER[:50] + OFFER[54:],), "cut short or mistyped"),
        ((OFFER.replace("offer", "answer"),), "this is an answer, where the offer of the other side is needed"),
        ((OFFER.replace("offer-1", "offer-2"),), "is of version 2"),
        ((OFFER, OFFER + "x"), "several offers"),
        ((OFFER, "--offer-file", "x"), "the offer is given twice"),
        (("-", "--ice-servers", "-"), "standard input cannot be the offer and --ice-servers at once"),
        (("--offer-file", "/nowhere/at/all/offer"), "there is no directory"),
        (("--via", "ws://192.0.2.1/", OFFER), "with --via both lines go through the WebSocket"),
        (("--via", "https://example.org/"), "is no WebSocket"),
        (("--via", "wss://"), "--via: "),
        (("https://example.org/",), "candidates come from stun:, turn: and turns: servers"),
        (("--browser", "--browsers"), "name one"),
        (("--listen", "127.0.0.1:0"), "add --browser or --browsers"),
        (("--browser", OFFER), "the page carries the signalling by itself"),
        (("--browser", "--via", "ws://192.0.2.1/"), "the page carries the signalling by itself"),
        (("--browser", "--listen", "8080"), "'8080' is no address"),
        (
            ("--browser", "--listen", "198.51.100.77:1"),
            "cannot listen on 198.51.100.77:1: Cannot assign requested address",
        ),
        (("--timeout", "0"), "out of bounds"),
    ],
)
def test_a_wrong_command_line_is_one_line(
    arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open("/dev/null", encoding="ascii") as nothing:  # noqa: PTH123
        monkeypatch.setattr("sys.stdin", nothing)
        assert main(["connect", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert says in said.err
    assert "x" * 22 not in said.err


def test_an_answer_that_is_none_ends_the_run_with_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reads, writes = os.pipe()
    os.write(writes, b"\n  \nnatprobe-answer-1.nonsense\n")
    os.close(writes)
    with os.fdopen(reads) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        assert main(["connect", "--timeout", "20"]) == 2
    said = capsys.readouterr()
    assert said.out.startswith("natprobe-offer-1.")
    assert said.out.count("\n") == 1
    assert said.err.splitlines()[-1].startswith("natprobe: connect: the answer is cut short")


async def test_a_person_who_pastes_something_wrong_may_paste_again() -> None:
    said: list[str] = []
    reads, writes = os.pipe()
    terminal = Terminal(io.StringIO(), reads, said.append, asks=True)
    os.write(writes, f"hello\n{OFFER[:-3]}\n{OFFER}\n".encode())
    described = await terminal.take("offer", None)
    assert described.line("offer") == OFFER
    assert said[1].startswith("this is no offer")
    assert said[2].startswith("the offer is cut short")
    os.close(writes)
    os.close(reads)


async def test_a_line_without_an_end_is_not_kept_whole() -> None:
    reads, writes = os.pipe()
    terminal = Terminal(io.StringIO(), reads, lambda _: None, asks=True)
    os.set_blocking(writes, False)
    os.write(writes, b"x" * 60_000 + f"\n{OFFER}\n".encode())
    assert (await terminal.take("offer", None)).line("offer") == OFFER
    os.close(writes)
    os.close(reads)
