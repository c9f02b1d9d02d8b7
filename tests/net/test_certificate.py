"""Certificates: what they say, and whom they are for."""

import hashlib

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from natprobe.net.certificate import UNREADABLE, CertificateInfo, describe, name_matches
from tests.net.tls_servers import FUTURE, NAME, PAST, self_signed


def of(*, names: tuple[str, ...] = (), addresses: tuple[str, ...] = (), subject: str = UNREADABLE) -> CertificateInfo:
    return CertificateInfo(sha256="0" * 64, dns_names=names, ip_addresses=addresses, subject=subject)


@pytest.mark.parametrize(
    ("pattern", "dialled"),
    [
        ("turn.example.org", "turn.example.org"),
        ("turn.example.org", "TURN.Example.ORG"),
        ("Turn.Example.org", "turn.example.org"),
        ("turn.example.org", "turn.example.org."),
        ("*.example.org", "turn.example.org"),
        ("xn--bcher-kva.example.org", "bücher.example.org"),
    ],
)
def test_a_name_matches(pattern: str, dialled: str) -> None:
    assert name_matches(of(names=("other.example.org", pattern)), dialled)


@pytest.mark.parametrize(
    ("pattern", "dialled"),
    [
        ("example.org", "turn.example.org"),
        ("*.example.org", "example.org"),
        ("*.example.org", "a.turn.example.org"),
        ("*.example.org", ".example.org"),
        ("t*.example.org", "turn.example.org"),
        ("turn.*.org", "turn.example.org"),
        ("*.*.org", "turn.example.org"),
        ("*.org", "example.org"),
        ("*", "localhost"),
        ("*.example.org.evil.example", "turn.example.org"),
        ("192.0.2.1", "192.0.2.1"),
        ("", ""),
        ("turn.example.org", "turn..example.org"),
        ("turn.example.org", "\N{SNOWMAN}" * 80),
    ],
)
def test_a_name_does_not_match(pattern: str, dialled: str) -> None:
    assert not name_matches(of(names=(pattern,)), dialled)


def test_a_common_name_is_no_name() -> None:
    assert not name_matches(of(subject="CN=turn.example.org"), "turn.example.org")


@pytest.mark.parametrize("dialled", ["2001:db8::1", "2001:0DB8::0001", "[2001:db8::1]", "192.0.2.1"])
def test_a_literal_is_compared_with_the_addresses(dialled: str) -> None:
    assert name_matches(of(addresses=("2001:db8::1", "192.0.2.1")), dialled)
    assert not name_matches(of(addresses=("192.0.2.2",), names=(dialled,)), dialled)


def test_everything_that_a_judge_asks_is_read(authority: trustme.CA) -> None:
    leaf = authority.issue_cert(NAME, "*.example.net", "192.0.2.1", "2001:db8::1", not_before=PAST, not_after=FUTURE)
    der = x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes())
    told = describe(der.public_bytes(Encoding.DER))
    assert told.dns_names == (NAME, "*.example.net")
    assert told.ip_addresses == ("192.0.2.1", "2001:db8::1")
    assert (told.key, told.signature_algorithm, told.self_issued) == ("EC P-256", "ecdsa-with-SHA256", False)
    assert told.serial == f"{der.serial_number:x}"
    assert told.not_before == PAST.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert told.not_after == FUTURE.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert "trustme" in told.subject
    assert "CA" in told.issuer
    assert told.sha256 == hashlib.sha256(der.public_bytes(Encoding.DER)).hexdigest()


def test_a_self_signed_rsa_certificate_is_read(tmp_path_factory: pytest.TempPathFactory) -> None:
    told = describe(_der_of_pem(self_signed(tmp_path_factory.mktemp("pem")).read_bytes()))
    assert (told.key, told.signature_algorithm, told.self_issued) == ("RSA 2048", "sha256WithRSAEncryption", True)
    assert (told.subject, told.issuer, told.serial) == (f"CN={NAME}", f"CN={NAME}", "c0ffee")


def test_no_control_characters_come_out_of_a_name(tmp_path_factory: pytest.TempPathFactory) -> None:
    der = _der_of_pem(self_signed(tmp_path_factory.mktemp("pem")).read_bytes())
    hostile = der.replace(NAME.encode(), b"turn\x1b[2J\x07ple.org")
    told = describe(hostile)
    assert (told.subject + told.issuer + "".join(told.dns_names)).isprintable()
    assert "[2J" in told.subject


@given(st.binary(max_size=64))
def test_bytes_that_are_no_certificate_have_a_fingerprint_only(data: bytes) -> None:
    assert describe(data) == CertificateInfo(sha256=hashlib.sha256(data).hexdigest())


@given(st.data())
def test_a_damaged_certificate_never_raises(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(_SAMPLE) - 1))
    damaged = _SAMPLE[:place] + data.draw(st.binary(min_size=1, max_size=8)) + _SAMPLE[place + 1 :]
    assert describe(damaged).sha256 == hashlib.sha256(damaged).hexdigest()


def _der_of_pem(pem: bytes) -> bytes:
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


_SAMPLE = _der_of_pem(trustme.CA().issue_cert(NAME, "192.0.2.1").cert_chain_pems[0].bytes())
