"""What ports are asked, and what their answers prove."""

import dns.message
import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from natprobe.wire import greetings, knocks
from natprobe.wire.demultiplex import Protocol, demultiplex
from natprobe.wire.message import looks_like_stun


@pytest.mark.parametrize(
    ("port", "said", "service"),
    [
        (6379, b"+PONG\r\n", "Redis"),
        (6379, b"-DENIED Redis is running in protected mode", "Redis"),
        (22, b"SSH-2.0-OpenSSH_9.2p1\r\n", "SSH"),
        (443, b"\x15\x03\x01\x00\x02\x02\x16", "TLS"),
        (3306, b"\x4a\0\0\0\x0a8.0.36\0", "MySQL"),
        (80, b"HTTP/1.1 404 Not Found\r\nServer: nginx\r\n\r\n", "HTTP"),
        (7088, b'HTTP/1.1 200 OK\r\n\r\n{"janus": "server_info"}', "the Janus admin API"),
        (8088, b'HTTP/1.1 200 OK\r\n\r\n{"janus": "server_info"}', "the Janus API"),
        (1985, b'HTTP/1.1 200 OK\r\n\r\n{"code":0,"server":"vid-1x","data":{}}', "the SRS API"),
        (9641, b"HTTP/1.1 200 OK\r\n\r\n# HELP a b\n# TYPE a gauge\n", "metrics for Prometheus"),
        (25, b"220 mail.example.org ESMTP\r\n", None),
        (4000, b"\xff\xfe", None),
    ],
)
def test_a_service_is_known_by_its_first_words(port: int, said: bytes, service: str | None) -> None:
    assert greetings.recognised(said, port) == service


@given(st.binary(max_size=200), st.integers(1, 65535))
def test_no_bytes_of_a_stranger_break_the_reading_or_reach_a_terminal(said: bytes, port: int) -> None:
    greetings.recognised(said, port)
    knocks.recognised(said)
    assert greetings.shown(said).isprintable()
    assert len(greetings.shown(said)) <= 60


def test_questions_change_nothing_and_printers_and_databases_are_not_asked() -> None:
    assert greetings.question(6379, "x:6379", b"") == b"PING\r\n"
    assert greetings.question(9641, "x:9641", b"").startswith(b"GET /metrics HTTP/1.1\r\nHost: x:9641\r\n")
    assert greetings.question(3478, "x:3478", b"binding") == b"binding"
    assert greetings.question(9100, "x:9100", b"") == greetings.question(5432, "x:5432", b"") == b""


def test_each_question_is_its_own_protocols() -> None:
    asked = {kind: knocks.question(kind).data for kind in knocks.NAMES}
    assert looks_like_stun(asked["stun"])
    assert demultiplex(asked["dtls"]) is Protocol.DTLS
    question = dns.message.from_wire(asked["dns"])
    assert (str(question.question[0].name), question.flags) == (".", 0)
    assert (len(asked["ntp"]), asked["ntp"][0]) == (48, 0x23)
    assert len(asked["quic"]) == 1200


def test_an_answer_is_known_by_its_protocol() -> None:
    answer = dns.message.make_response(dns.message.from_wire(knocks.question("dns").data))
    answer.set_rcode(dns.rcode.REFUSED)
    assert knocks.recognised(answer.to_wire()) == "dns"
    assert knocks.recognised(b"\x24" + bytes(47)) == "ntp"
    assert knocks.recognised(b"\xca\0\0\0\0\x08" + bytes(8) + b"\x08" + bytes(8) + b"\0\0\0\x01") == "quic"
    assert knocks.recognised(b"\x16\xfe\xff" + bytes(20)) == "dtls"
    assert knocks.recognised(knocks.question("stun").data) == "stun"
    assert knocks.recognised(b"") is None
    assert knocks.recognised(b"hello, who is there?") is None
