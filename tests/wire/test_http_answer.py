"""Answers out of bytes: what browsers trip over is kept, what is broken is told, and nothing raises anything else."""

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natprobe.target import parse
from natprobe.wire.http.answer import AnswerReader
from natprobe.wire.http.coding import Unpacked, unpack
from natprobe.wire.http.head import Field, Unreadable, typographic
from natprobe.wire.http.limits import Limits
from natprobe.wire.http.request import Request, request_for
from natprobe.wire.http.text import printed, shown_value, without_secrets

ASKED = Request(authority="www.example.org")
SMALL = Limits(head_bytes=512, fields=8, interim=2, body_bytes=64)


def read(data: bytes, request: Request = ASKED, limits: Limits = SMALL) -> AnswerReader:
    """The reader after `data` came byte by byte, and the connection ended."""
    reader = AnswerReader(request, limits)
    for each in data:
        if not reader.done:
            reader.feed(bytes((each,)))
    if not reader.done:
        assert reader.eof() is None
    return reader


def refused(data: bytes) -> str:
    with pytest.raises(Unreadable) as told:
        AnswerReader(ASKED, SMALL).feed(data)
    return str(told.value)


def test_a_request_asks_for_one_plain_answer_on_a_connection_of_its_own() -> None:
    asked = request_for(parse("https://www.example.org:8443/a?b=c"), origin="https://app.example.org")
    assert AnswerReader(asked, SMALL).sent == (
        b"GET /a?b=c HTTP/1.1\r\nHost: www.example.org:8443\r\nUser-Agent: natprobe\r\nAccept: */*\r\n"
        b"Accept-Encoding: identity\r\nConnection: close\r\nOrigin: https://app.example.org\r\n\r\n"
    )


def test_a_post_says_its_length_even_where_it_has_no_body() -> None:
    asked = request_for(parse("http://www.example.org/join/1"), "POST", headers=(("Accept", "application/json"),))
    sent = AnswerReader(asked, SMALL).sent
    assert b"\r\nContent-Length: 0\r\n" in sent
    assert sent.count(b"Accept:") == 1
    full = request_for(parse("http://www.example.org/join/1"), "POST", body=b"{}")
    assert AnswerReader(full, SMALL).sent.endswith(b"Content-Length: 2\r\n\r\n{}")


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", b"hello"),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.0 200 OK\n\nhello", b"hello"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200\r\n\r\nhi", b"hi"),
        (b"HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nhi", b"hi"),
    ],
)
def test_a_body_ends_where_its_framing_says(data: bytes, body: bytes) -> None:
    assert read(data).body() == Unpacked(body)


def test_an_answer_to_head_has_no_body() -> None:
    asked = Request(method="HEAD", authority="www.example.org")
    assert read(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", asked).done


def test_interim_answers_are_counted_and_bounded() -> None:
    assert read(b"HTTP/1.1 100 \r\n\r\nHTTP/1.1 200 OK\r\n\r\n").interim == [100]
    assert refused(b"HTTP/1.1 100 \r\n\r\n" * 3) == "more than 2 interim answers came in place of one"


def test_an_upgrade_ends_the_answer_and_keeps_what_follows() -> None:
    reader = AnswerReader(ASKED, SMALL)
    reader.feed(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x02hi")
    assert (reader.done, reader.rest) == (True, b"\x81\x02hi")


def test_a_typographic_hyphen_in_a_name_is_kept_and_named_and_hides_nothing_after_it() -> None:
    hyphen = "Access\N{HYPHEN}Control\N{HYPHEN}Allow\N{HYPHEN}Origin"
    head = read(f"HTTP/1.1 200 OK\r\n{hyphen}: *\r\nX-After: kept\r\n\r\n".encode()).head
    assert head is not None
    assert [each.flaw for each in head.fields] == ["its name holds a typographic hyphen", None]
    assert typographic(head.fields[0].name) == "Access-Control-Allow-Origin"
    assert (head.value("access-control-allow-origin"), head.value("x-after")) == (None, "kept")


@pytest.mark.parametrize("dash", ["\N{HYPHEN}", "\N{NON-BREAKING HYPHEN}", "\N{EN DASH}", "\N{EM DASH}"])
def test_every_dash_of_print_is_found(dash: str) -> None:
    assert typographic(f"X{dash}Y".encode()) == "X-Y"
    assert typographic(b"X-Y") is None


@pytest.mark.parametrize(
    ("field", "flaw"),
    [
        (Field(b"X-Good", b"a b\tc"), None),
        (Field(b"X Bad", b"a"), "its name is no token"),
        (Field(b"X-Bad ", b"a"), "its name is no token"),
        (Field(b"", b"a"), "it has no name"),
        (Field(b"X-Nul", b"a\0b"), "its value holds a control character"),
        (Field(b"X-Cr", b"a\rb"), "its value holds a control character"),
    ],
)
def test_each_field_says_what_is_wrong_with_it(field: Field, flaw: str | None) -> None:
    assert field.flaw == flaw


def test_a_folded_line_belongs_to_the_value_above() -> None:
    head = read(b"HTTP/1.1 200 OK\r\nX-Long: one\r\n  two\r\nX-Next: three\r\n\r\n").head
    assert head is not None
    assert (head.value("x-long"), head.value("x-next")) == ("one two", "three")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<html>hello</html>", "it begins with '<html>hello</html>', which is no status line"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "it begins with 'SSH-2.0-OpenSSH_9.2··', which is no status line"),
        (b"HTTP/2 200\r\n\r\n", "it begins with 'HTTP/2 200····', which is no status line"),
        (b"HTTP/1.1 99999 Wrong\r\n\r\n", "its first line is 'HTTP/1.1 99999 Wrong', which is no status line"),
        (b"HTTP/1.1 042 Wrong\r\n\r\n", "its status is 042, which is none"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 600, "its header does not end within 512 bytes"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 600 + b"\r\n\r\n", "its header does not end within 512 bytes"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 9, "it has more than 8 header fields"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 9 + b"\r\n", "it has more than 8 header fields"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
            "its framing is broken: conflicting Content-Length headers",
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "its framing is broken: illegal chunk header"),
    ],
)
def test_what_is_no_answer_is_told_by_its_bytes(data: bytes, said: str) -> None:
    assert refused(data) == said


@pytest.mark.parametrize(
    ("data", "when"),
    [
        (b"", "without an answer"),
        (b"HTTP/1.1 200 OK\r\nX: y\r\n", "within its header"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour", "after 4 bytes of its body"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nfour", "after 4 bytes of its body"),
    ],
)
def test_an_end_that_comes_too_early_is_told(data: bytes, when: str) -> None:
    reader = AnswerReader(ASKED, SMALL)
    reader.feed(data)
    assert reader.eof() == when


def test_a_body_that_is_too_long_is_cut_and_ends_the_reading() -> None:
    reader = AnswerReader(ASKED, SMALL)
    reader.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 100)
    assert reader.done
    assert reader.body() == Unpacked(b"x" * 64, "it is longer than 64 bytes")


def test_endless_trailers_end_the_reading() -> None:
    reader = AnswerReader(ASKED, SMALL)
    reader.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
    with pytest.raises(Unreadable, match="framing is broken"):
        reader.feed(b"X: y\r\n" * 20_000)


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP"])
def test_a_packed_body_is_unpacked(coding: str) -> None:
    packed = gzip.compress(b"hello")
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n".encode()
    assert read(head + packed).body() == Unpacked(b"hello")


def test_both_forms_of_deflate_are_unpacked() -> None:
    raw = zlib.compressobj(wbits=-15)
    assert unpack("deflate", zlib.compress(b"hello"), 64).body == b"hello"
    assert unpack("deflate", raw.compress(b"hello") + raw.flush(), 64).body == b"hello"


@pytest.mark.parametrize(
    ("coding", "packed", "cut"),
    [
        ("br", b"x", "it is encoded in a way that was not asked for"),
        ("gzip, gzip", b"x", "it is encoded in a way that was not asked for"),
        ("gzip", b"no gzip", "its gzip coding is broken"),
        ("deflate", b"\xff\xff\xff", "its deflate coding is broken"),
        ("gzip", gzip.compress(b"hello", mtime=0)[:-4], "its coding breaks off"),
    ],
)
def test_what_cannot_be_unpacked_says_why(coding: str, packed: bytes, cut: str) -> None:
    assert unpack(coding, packed, 64).cut == cut


def test_a_gzip_bomb_is_told_and_takes_no_more_memory_than_its_limit() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    tracemalloc.start()
    try:
        unpacked = unpack("gzip", bomb, 10_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(unpacked.body) == 10_000
    assert unpacked.bomb
    assert unpacked.cut is not None
    assert unpacked.cut.endswith("bytes unpack to more than 10000: a decompression bomb")
    assert peak < 500_000


def test_a_body_that_is_only_long_is_called_no_bomb() -> None:
    text = bytes(range(256)) * 100
    assert unpack("gzip", gzip.compress(text, 0), 10_000).cut == "it is longer than 10000 bytes"


@given(
    st.binary(max_size=400), st.sampled_from((b"", b"HTTP/1.1 ", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n"))
)
def test_no_bytes_raise_anything_but_unreadable(data: bytes, start: bytes) -> None:
    reader, said = AnswerReader(ASKED, SMALL), ""
    try:
        reader.feed(start + data[: len(data) // 2])
        reader.feed(data[len(data) // 2 :])
        reader.eof()
    except Unreadable as error:
        said = str(error)
    assert said.isprintable()
    kept = reader.body()
    assert len(kept.body) <= SMALL.body_bytes
    assert kept.cut is None or kept.cut.isprintable()


@given(st.sampled_from(("gzip", "deflate", "br", "")), st.binary(max_size=200))
def test_no_packed_bytes_raise(coding: str, packed: bytes) -> None:
    assert len(unpack(coding, packed, 64).body) <= max(64, len(packed))


@given(st.binary(max_size=900))
def test_what_is_printed_is_one_bounded_line(data: bytes) -> None:
    text = printed(data)
    assert text.isprintable()
    assert len(text) <= 513


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://a.example/x?key=abc&n=1", "https://a.example/x?key=•••&n=•••"),
        ("https://a.example/x?abc", "https://a.example/x?•••"),
        (
            "wss://a.example/socket.io/?EIO=4&transport=websocket",
            "wss://a.example/socket.io/?EIO=4&transport=websocket",
        ),
        ("https://user:pw@a.example/x", "https://•••@a.example/x"),
        ("https://a.example/x#y", "https://a.example/x#y"),
        ("see <https://a.example/?t=1> there", "see <https://a.example/?t=•••> there"),
    ],
)
def test_the_values_of_queries_and_user_names_are_hidden(text: str, shown: str) -> None:
    assert without_secrets(text) == shown


@pytest.mark.parametrize("name", ["Set-Cookie", "authorization", "WWW-Authenticate"])
def test_the_values_of_secret_fields_are_hidden(name: str) -> None:
    assert shown_value(name, b"hunter2") == "•••"
