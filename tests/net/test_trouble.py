"""Errors of the network and of the operating system, as reasons."""

import errno

import pytest

from natprobe.address import Address
from natprobe.net.trouble import (
    ERRNO_REASONS,
    ICMP_REASONS,
    WINERROR_REASONS,
    Family,
    Reason,
    datagram_trouble,
    icmp_trouble,
    os_trouble,
)

SERVER = Address("192.0.2.1", 3478)


@pytest.mark.parametrize(
    ("family", "icmp_type", "icmp_code", "reason"),
    [
        (4, 3, 0, Reason.UNREACHABLE),
        (4, 3, 1, Reason.UNREACHABLE),
        (4, 3, 3, Reason.REFUSED),
        (4, 3, 4, Reason.TOO_BIG),
        (4, 3, 9, Reason.UNREACHABLE),
        (4, 3, 13, Reason.UNREACHABLE),
        (4, 11, 0, Reason.UNREACHABLE),
        (4, 12, 77, Reason.UNREACHABLE),
        (6, 1, 0, Reason.UNREACHABLE),
        (6, 1, 1, Reason.UNREACHABLE),
        (6, 1, 4, Reason.REFUSED),
        (6, 2, 0, Reason.TOO_BIG),
        (6, 3, 0, Reason.UNREACHABLE),
    ],
)
def test_an_icmp_error_has_a_reason(family: Family, icmp_type: int, icmp_code: int, reason: Reason) -> None:
    told = icmp_trouble(family=family, icmp_type=icmp_type, icmp_code=icmp_code, offender=None, about=SERVER, at_ms=1.0)
    assert (told.reason, told.icmp_type, told.icmp_code, told.about) == (reason, icmp_type, icmp_code, SERVER)


def test_an_icmp_error_names_its_sender_and_what_it_is_about() -> None:
    told = icmp_trouble(
        family=4, icmp_type=3, icmp_code=13, offender=Address("198.51.100.1", 0), about=SERVER, at_ms=1.0
    )
    assert told.detail == "198.51.100.1 says of 192.0.2.1:3478: administratively prohibited (ICMP type 3 code 13)"


def test_every_icmp_unreachable_code_has_words_of_its_own() -> None:
    words = [words for (family, icmp_type, _), (_, words) in ICMP_REASONS.items() if (family, icmp_type) == (4, 3)]
    assert len(words) == len(set(words)) == 16


@pytest.mark.parametrize(("number", "reason"), ERRNO_REASONS.items())
def test_an_error_number_has_a_reason(number: int, reason: Reason) -> None:
    told = os_trouble(OSError(number, "text"), about=SERVER, at_ms=1.0)
    assert told.reason is reason
    assert str(SERVER) in told.detail


def test_an_unknown_error_is_local_and_keeps_the_systems_words() -> None:
    told = os_trouble(OSError(errno.ENOBUFS, "ignored"), about=None, at_ms=1.0)
    assert told.reason is Reason.LOCAL
    assert "buffer space" in told.detail


def test_an_error_without_a_number_is_told_by_its_type() -> None:
    assert os_trouble(BrokenPipeError(), about=None, at_ms=1.0).detail.endswith("(BrokenPipeError)")


@pytest.mark.parametrize(("number", "reason"), WINERROR_REASONS.items())
def test_overlapped_io_tells_its_own_number_beside_a_meaningless_errno(number: int, reason: Reason) -> None:
    error = OSError(errno.EINVAL, "The remote computer refused the network connection")
    error.winerror = number  # type: ignore[attr-defined]
    told = os_trouble(error, about=SERVER, at_ms=1.0)
    assert told.reason is reason
    assert datagram_trouble(error, about=SERVER, at_ms=1.0).reason is reason


def test_a_reset_udp_socket_is_a_refused_port() -> None:
    error = ConnectionResetError(errno.ECONNRESET, "An existing connection was forcibly closed by the remote host")
    assert datagram_trouble(error, about=SERVER, at_ms=1.0).reason is Reason.REFUSED
    assert os_trouble(error, about=SERVER, at_ms=1.0).reason is Reason.RESET
