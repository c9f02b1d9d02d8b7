"""The line that is pasted: there and back, and what of a stranger's is refused, in one line that shows no password."""

import binascii
from base64 import urlsafe_b64encode
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from natprobe.client.description import (
    LONGEST_LINE,
    MOST_CANDIDATES,
    Description,
    DescriptionError,
    Offered,
    from_candidate_line,
    read_line,
)
from natprobe.connecting.browser.sdp import answer, read_offer
from natprobe.credential import Secret

PASSWORD = "pl4ntedPasswordOfTheCall"
CANDIDATE = Offered("srflx", "198.51.100.7", 40000, 1694498815, "842163049")


def description(*candidates: Offered) -> Description:
    return Description(session=b"12345678", ufrag="a1b2", password=Secret(PASSWORD), candidates=candidates)


def line_of(*fields: Any, kind: str = "offer") -> str:
    """A line that is whole, with a payload of one's own."""
    payload = msgspec.msgpack.encode(fields)
    return wrapped(payload, kind)


def wrapped(payload: bytes, kind: str = "offer") -> str:
    text = urlsafe_b64encode(payload).decode().rstrip("=")
    return f"natprobe-{kind}-1.{text}.{binascii.crc32(kind.encode() + payload):08x}"


def test_a_description_comes_back_as_it_went() -> None:
    sent = description(CANDIDATE, Offered("relay", "2001:db8::1", 1, 1, "x", "tls"))
    assert read_line(f"  '{sent.line('offer')}'\n", "offer") == sent


def test_the_largest_description_fits_into_one_line_of_a_terminal() -> None:
    largest = Offered("relay", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 65535, 2**31 - 1, "4294967295", "dtls")
    assert len(description(*([largest] * MOST_CANDIDATES)).line("answer")) <= LONGEST_LINE < 4096


def test_a_description_shows_no_password_when_it_is_printed() -> None:
    assert PASSWORD not in repr(description(CANDIDATE)) + str(description(CANDIDATE))


GOOD = description(CANDIDATE).line("offer")
SESSION, LOGIN = b"12345678", ("a1b2", PASSWORD)
FIELDS = (SESSION, *LOGIN, "all", "0.1.0")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "this is no offer"),
        ("stun:stun.example.org", "this is no offer"),
        (GOOD[:-1], "cut short, or holds something else"),
        (GOOD[:40], "cut short, or holds something else"),
        (GOOD[:60] + GOOD[64:], "its checksum does not fit"),
        (GOOD[:60] + GOOD[61:], "cut short or mistyped"),
        (GOOD.replace("-1.", "-7."), "is of version 7"),
        (description(CANDIDATE).line("answer"), "this is an answer, where the offer"),
        (GOOD + "." + "0" * LONGEST_LINE, "longer than"),
        (GOOD + " " + GOOD, "cut short, or holds something else"),
        (wrapped(b"\xc1"), "holds no description"),
        (wrapped(b"\x91" * 900), "holds no description"),
        (line_of(), "holds no description"),
        (line_of(SESSION, "a b", PASSWORD, "all", "0.1.0", []), "holds no description"),
        (line_of(SESSION, "a1b2", "short", "all", "0.1.0", []), "holds no description"),
        (line_of(SESSION, "a1b2", "x" * 300, "all", "0.1.0", []), "holds no description"),
        (line_of(b"1", *LOGIN, "all", "0.1.0", []), "holds no description"),
        (line_of(SESSION, *LOGIN, "some", "0.1.0", []), "holds no description"),
        (line_of(SESSION, *LOGIN, "all", "\x1b[31m", []), "holds no description"),
        (line_of(*FIELDS, [["srflx", "198.51.100.7", 1, 1, "x", None]] * 33), "holds no description"),
        (line_of(*FIELDS, [["prflx", "198.51.100.7", 1, 1, "x", None]]), "holds no description"),
        (line_of(*FIELDS, [["host", "198.51.100.7", 0, 1, "x", None]]), "holds no description"),
        (line_of(*FIELDS, [["host", "198.51.100.7", 70000, 1, "x", None]]), "holds no description"),
        (line_of(*FIELDS, [["host", "198.51.100.7", 1, 2**31, "x", None]]), "holds no description"),
        (line_of(*FIELDS, [["host", "198.51.100.7", 1, 1, "x y", None]]), "holds no description"),
        (line_of(*FIELDS, [["host", "intranet.example.org", 1, 1, "x", None]]), "neither an address nor a .local name"),
        (line_of(*FIELDS, [["host", "127.0.0.1", 1, 1, "x", None]]), "which is loopback"),
        (line_of(*FIELDS, [["host", "224.0.0.1", 1, 1, "x", None]]), "which is multicast"),
        (line_of(*FIELDS, [["host", "::ffff:127.0.0.1", 1, 1, "x", None]]), "which is loopback"),
        (line_of(*FIELDS, [["host", "0.0.0.0", 1, 1, "x", None]]), "which is unspecified"),
        (line_of(*FIELDS, [["host", "x" * 70 + ".local", 1, 1, "x", None]]), "holds no description"),
    ],
)
def test_a_line_that_cannot_be_used_says_why_in_one_line(text: str, says: str) -> None:
    with pytest.raises(DescriptionError, match=says) as raised:
        read_line(text, "offer")
    said = str(raised.value)
    assert "\n" not in said
    assert said.isprintable()
    assert PASSWORD not in said


@given(st.text(max_size=200) | st.binary(max_size=200).map(wrapped))
def test_nothing_else_than_that_error_comes_of_any_text(text: str) -> None:
    with pytest.raises(DescriptionError):
        read_line(text, "offer")


@given(st.integers(0, len(GOOD) - 1), st.characters(codec="ascii"))
@example(GOOD.rindex(".") - 1, "B")
def test_a_letter_that_was_changed_on_the_way_is_seen(place: int, letter: str) -> None:
    changed = GOOD[:place] + letter + GOOD[place + 1 :]
    if changed.strip().strip("'\"") != GOOD:
        with pytest.raises(DescriptionError):
            read_line(changed, "offer")


def test_a_browsers_candidates_over_tcp_and_of_other_components_are_left_out() -> None:
    line = "candidate:1 1 udp 2113937151 198.51.100.7 50000 typ host generation 0"
    told = from_candidate_line(line)
    assert told is not None
    assert (told.type, told.host, told.port, told.is_name) == ("host", "198.51.100.7", 50000, False)
    assert from_candidate_line(line.replace(" udp ", " tcp ")) is None
    assert from_candidate_line(line.replace("candidate:1 1", "candidate:1 2")) is None
    named = from_candidate_line(line.replace("198.51.100.7", "7e5b2c6c-0000-4000-8000-123456789abc.local"))
    assert named is not None
    assert named.is_name


@pytest.mark.parametrize("line", ["", "candidate:", "candidate:1 1 udp 1 127.0.0.1 5 typ host", "x" * 2000])
def test_a_candidate_that_cannot_be_read_is_an_error_of_its_own(line: str) -> None:
    with pytest.raises(DescriptionError):
        from_candidate_line(line)


OFFER = f"""v=0\r
a=group:BUNDLE 0\r
m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r
a=candidate:1 1 udp 2113937151 198.51.100.7 50000 typ host\r
a=candidate:2 1 tcp 1518280447 198.51.100.7 9 typ host tcptype active\r
a=ice-ufrag:a1b2\r
a=ice-pwd:{PASSWORD}\r
a=mid:0\r
"""


def test_a_browsers_offer_is_read_and_answered_without_dtls() -> None:
    ice = read_offer(OFFER)
    assert (ice.ufrag, ice.password.reveal(), ice.mid, ice.lite) == ("a1b2", PASSWORD, "0", False)
    assert [candidate.host for candidate in ice.candidates] == ["198.51.100.7"]
    said = answer(ice, "c3d4", Secret("y" * 22), ())
    assert "a=setup:active\r\n" in said
    assert "a=ice-pwd:" + "y" * 22 in said
    assert PASSWORD not in said


@pytest.mark.parametrize(
    "lacking", ["a=ice-ufrag:a1b2\r\n", f"a=ice-pwd:{PASSWORD}\r\n", "a=mid:0\r\n", "m=application"]
)
def test_an_offer_without_ice_is_refused(lacking: str) -> None:
    with pytest.raises(DescriptionError, match="ice-ufrag and ice-pwd, or no data channel"):
        read_offer(OFFER.replace(lacking, ""))
