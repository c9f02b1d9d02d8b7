import pytest

from natprobe.wire.demultiplex import Protocol, demultiplex


@pytest.mark.parametrize(
    ("first", "last", "protocol"),
    [
        (0, 3, Protocol.STUN),
        (4, 15, Protocol.UNKNOWN),
        (16, 19, Protocol.ZRTP),
        (20, 63, Protocol.DTLS),
        (64, 79, Protocol.CHANNEL),
        (80, 127, Protocol.QUIC),
        (128, 191, Protocol.RTP),
        (192, 255, Protocol.QUIC),
    ],
)
def test_the_first_byte_tells_the_protocol_as_in_rfc_7983_and_rfc_9443(
    first: int, last: int, protocol: Protocol
) -> None:
    assert {demultiplex(bytes((byte, 0))) for byte in range(first, last + 1)} == {protocol}


def test_nothing_belongs_to_no_protocol() -> None:
    assert demultiplex(b"") is Protocol.UNKNOWN
