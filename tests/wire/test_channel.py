import pytest

from natprobe.wire.channel import (
    ChannelData,
    MalformedChannelData,
    decode,
    encode_datagram,
    encode_stream,
    is_channel_number,
)


@pytest.mark.parametrize("length", range(6))
def test_channel_data_reads_as_it_was_written_padded_or_not(length: int) -> None:
    payload = b"abcdef"[:length]
    datagram, stream = encode_datagram(0x4001, payload), encode_stream(0x4001, payload)
    assert len(datagram) == 4 + length
    assert len(stream) % 4 == 0
    assert decode(datagram) == decode(stream) == ChannelData(0x4001, payload)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "a ChannelData header has 4 bytes, 0 came"),
        (b"\x40\x00\x00", "a ChannelData header has 4 bytes, 3 came"),
        (b"\x3f\xff\x00\x00", "0x3fff is no channel number"),
        (b"\x50\x00\x00\x00", "0x5000 is no channel number"),
        (b"\x40\x00\x00\x05abcd", "ChannelData claims 5 bytes, 4 came"),
        (b"\x40\x00\xff\xffabcd", "ChannelData claims 65535 bytes, 4 came"),
        (b"\x40\x00\x00\x00abcd", "bytes trail after the ChannelData message: 4"),
    ],
)
def test_malformed_channel_data_is_described_not_raised(data: bytes, problem: str) -> None:
    assert decode(data) == MalformedChannelData(problem)


def test_channel_numbers_are_those_of_rfc_8656_not_of_rfc_5766() -> None:
    assert [is_channel_number(number) for number in (0x3FFF, 0x4000, 0x4FFF, 0x5000, 0x7FFF)] == [
        False,
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(("number", "length"), [(0x3FFF, 0), (0x5000, 0), (-1, 0), (0x4000, 0x10000)])
def test_what_does_not_fit_is_refused_when_encoding(number: int, length: int) -> None:
    with pytest.raises(ValueError, match=r"ChannelData holds|channel number"):
        encode_datagram(number, bytes(length))
