"""The first frame of an HTTP/2 server, as far as WebSocket over it is concerned."""

import pytest

from natprobe.wire.http2 import HELLO, carries_websocket


def settings(*pairs: tuple[int, int]) -> bytes:
    payload = b"".join(key.to_bytes(2) + value.to_bytes(4) for key, value in pairs)
    return len(payload).to_bytes(3) + b"\x04\x00" + bytes(4) + payload


def test_extended_connect_is_one_of_the_settings() -> None:
    assert carries_websocket(settings((3, 100), (8, 1)) + b"more") is True
    assert carries_websocket(settings((8, 0))) is False
    assert carries_websocket(settings()) is False


def test_half_a_frame_says_nothing_yet() -> None:
    whole = settings((3, 100), (8, 1))
    assert {carries_websocket(whole[:length]) for length in range(len(whole))} == {None}


@pytest.mark.parametrize(
    "data", [b"HTTP/1.1 400 Bad Request\r\n", settings((8, 1))[:3] + b"\x06" + bytes(20), b"\xff" * 9]
)
def test_what_is_no_settings_frame_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no SETTINGS"):
        carries_websocket(data)


def test_the_preface_is_that_of_rfc_9113() -> None:
    assert HELLO.startswith(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert HELLO.endswith(settings())
