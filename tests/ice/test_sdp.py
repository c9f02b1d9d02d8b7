"""Session descriptions: what checks need of an answer, whatever else it holds, and an offer that gateways take."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natprobe.ice.sdp import Description, IceLogin, SdpError, offer, parse

LOGIN = IceLogin("ourufrag", "ourpassword0123456789ab")
ANSWER = """v=0
o=- 1 1 IN IP4 192.0.2.1
s=-
t=0 0
a=ice-ufrag:sess
a=ice-pwd:session-0123456789abcdef
m=audio 9 UDP/TLS/RTP/SAVPF 111
a=mid:0
a=candidate:1 1 udp 2015363327 192.0.2.1 20031 typ host
a=candidate:2 1 tcp 1 192.0.2.1 9 typ host tcptype active
a=end-of-candidates
m=video 0 UDP/TLS/RTP/SAVPF 96
a=mid:1
a=ice-ufrag:own1
a=ice-pwd:sectionsection0123456789
"""


def answer(text: str = ANSWER) -> str:
    return text.replace("session-", "sessions").replace("\n", "\r\n")


def test_an_answer_tells_its_candidates_and_whose_login_answers_for_them() -> None:
    audio, video = parse(answer()).media
    assert [line.split(" ")[2] for line in audio.candidates] == ["udp", "tcp"]
    assert audio.login == IceLogin("sess", "sessions0123456789abcdef")
    assert (video.login, video.port, video.mid) == (IceLogin("own1", "sectionsection0123456789"), 0, "1")
    assert parse(answer()).lite is False


def test_lite_is_an_attribute_of_the_session_alone() -> None:
    assert parse(answer(ANSWER.replace("t=0 0", "t=0 0\na=ice-lite"))).lite is True
    assert parse(answer(f"{ANSWER}a=ice-lite\n")).lite is False


def test_passwords_show_in_no_repr() -> None:
    assert "0123456789" not in repr(parse(answer()).media[0].login)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "its first line is not v=0"),
        ("<html>", "its first line is not v=0"),
        ("v=0\r\ns=-\r\n", "no media section"),
        ("v=0\nm=audio nine RTP 0\n", "cannot be read"),
        (answer().replace("sess\r", "a b\r"), "is none of RFC 8839"),
        (answer().replace("sess\r", "x\r"), "is none of RFC 8839"),
        (answer().replace("sessions0123456789abcdef", "short"), "is none of RFC 8839"),
        ("v=0\n" + "m=audio 9 RTP 0\n" * 65, "more than 64 media sections"),
        ("v=0\nm=audio 9 RTP 0\n" + "a=candidate:x\n" * 257, "more than 256 candidates"),
        ("v=0\na=" + "x" * 5000, "longer than 4096"),
        ("v=0\n" + "a=x\n" * 40_000, "longer than 131072"),
    ],
)
def test_what_is_none_is_told_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(SdpError, match=why):
        parse(text)


@given(st.one_of(st.text(max_size=400), st.lists(st.sampled_from(ANSWER.split("\n")), max_size=40).map("\r\n".join)))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(SdpError):
        assert isinstance(parse(text), Description)


def test_an_offer_reads_back_as_it_was_meant() -> None:
    audio, video = parse(offer(LOGIN, bytes(range(32)), "sendonly")).media
    assert (audio.kind, video.kind, audio.mid, video.mid) == ("audio", "video", "0", "1")
    assert audio.login == video.login == LOGIN
    assert audio.candidates == ()


def test_an_offer_names_streams_where_it_sends_some() -> None:
    sending, receiving = (offer(LOGIN, bytes(32), each) for each in ("sendrecv", "recvonly"))
    assert sending.count("a=ssrc:") == 2
    assert "a=ssrc:" not in receiving
    assert "a=fingerprint:sha-256 00:00:" in sending
    assert sending.endswith("\r\n")
