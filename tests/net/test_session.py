"""The TLS session without a network: hostile bytes break it in one way only."""

import contextlib
import ssl

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from natprobe.net.handshake import Kind, Roots
from natprobe.net.session import Broken, Session
from natprobe.net.trouble import Reason
from tests.net.tls_servers import NAME, server_context

ROOTS = Roots()
KINDS = pytest.mark.parametrize(("kind", "version"), [("tls", b"\x03\x03"), ("dtls", b"\xfe\xfd")])


def begun(kind: Kind) -> Session:
    session = Session(kind, NAME, ROOTS)
    assert not session.shake()
    assert session.outgoing()
    return session


def outcome(session: Session, data: bytes) -> Broken | None:
    session.feed(data)
    try:
        session.shake()
    except Broken as broken:
        return broken
    return None


@KINDS
@given(data=st.binary(max_size=200))
def test_any_bytes_break_it_or_are_dropped(kind: Kind, version: bytes, data: bytes) -> None:
    broken = outcome(begun(kind), data)
    assert broken is None or broken.reason is Reason.TLS


@KINDS
@given(content=st.integers(20, 24), fragment=st.binary(max_size=200))
def test_any_record_breaks_it_or_is_dropped(kind: Kind, version: bytes, content: int, fragment: bytes) -> None:
    place = bytes(8) if kind == "dtls" else b""
    data = bytes([content]) + version + place + len(fragment).to_bytes(2, "big") + fragment
    broken = outcome(begun(kind), data)
    assert broken is None or broken.reason is Reason.TLS


@given(data=st.data())
def test_a_damaged_flight_completes_no_handshake_with_another_reason(data: st.DataObject) -> None:
    session, incoming, outgoing = Session("tls", NAME, ROOTS), ssl.MemoryBIO(), ssl.MemoryBIO()
    assert not session.shake()
    incoming.write(session.outgoing())
    with contextlib.suppress(ssl.SSLWantReadError):
        SERVER.wrap_bio(incoming, outgoing, server_side=True).do_handshake()
    flight = bytearray(outgoing.read())
    place = data.draw(st.integers(0, 1 << 12))  # a flight's length varies with its signature
    flight[place % len(flight)] ^= data.draw(st.integers(1, 255))
    broken = outcome(session, bytes(flight))
    assert broken is None or broken.reason is Reason.TLS


@pytest.mark.parametrize("kind", ["tls", "dtls"])
def test_a_fatal_alert_in_clear_is_named(kind: Kind) -> None:
    prefix = b"\x15\x03\x03" if kind == "tls" else b"\x15\xfe\xfd" + bytes(8)
    broken = outcome(begun(kind), prefix + b"\0\x02" + b"\x02\x46")
    assert broken is not None
    assert broken.alert == "protocol_version"


def test_an_alert_without_a_name_keeps_its_number() -> None:
    broken = outcome(begun("tls"), b"\x15\x03\x03\0\x02\x02\xc8")
    assert broken is not None
    assert broken.alert == "alert_200"


def test_what_is_said_after_the_end_is_broken() -> None:
    session = begun("tls")
    assert outcome(session, b"SSH-2.0-OpenSSH\r\n") is not None
    with pytest.raises(Broken):
        session.write(b"anything")
    session.shutdown()
    assert session.foreign == "SSH-2.0-OpenSSH."


SERVER = server_context(trustme.CA().issue_cert(NAME))
