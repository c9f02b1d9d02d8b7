"""What a served certificate says, and whether it is for the name that was dialled. Pure; loads cryptography lazily."""

import hashlib
import ipaddress
import warnings
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from natprobe.address import is_literal

if TYPE_CHECKING:
    from cryptography import x509

UNREADABLE = "unreadable"
_TEXT_LIMIT = 512

_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
_SIGNATURES = {
    "1.2.840.113549.1.1.4": "md5WithRSAEncryption",
    "1.2.840.113549.1.1.5": "sha1WithRSAEncryption",
    "1.2.840.113549.1.1.10": "RSASSA-PSS",
    "1.2.840.113549.1.1.11": "sha256WithRSAEncryption",
    "1.2.840.113549.1.1.12": "sha384WithRSAEncryption",
    "1.2.840.113549.1.1.13": "sha512WithRSAEncryption",
    "1.2.840.10045.4.1": "ecdsa-with-SHA1",
    "1.2.840.10045.4.3.2": "ecdsa-with-SHA256",
    "1.2.840.10045.4.3.3": "ecdsa-with-SHA384",
    "1.2.840.10045.4.3.4": "ecdsa-with-SHA512",
    "1.3.101.112": "Ed25519",
    "1.3.101.113": "Ed448",
}


class CertificateInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One certificate of a chain. A field that could not be read says "unreadable", or is empty."""

    subject: str = UNREADABLE
    """RFC 4514 form."""
    issuer: str = UNREADABLE
    serial: str = UNREADABLE
    """Hexadecimal, lower case."""
    not_before: str | None = None
    """RFC 3339, UTC; None where it cannot be read."""
    not_after: str | None = None
    dns_names: tuple[str, ...] = ()
    ip_addresses: tuple[str, ...] = ()
    key: str = UNREADABLE
    """Such as "RSA 2048" or "EC P-256"."""
    signature_algorithm: str = UNREADABLE
    self_issued: bool = False
    """Issuer and subject are the same name. The signature was not looked at."""
    sha256: str
    """Fingerprint of the DER form, hexadecimal, lower case."""


def describe(der: bytes) -> CertificateInfo:
    """Reads a certificate. Whatever cannot be read is left out: never raises for hostile bytes."""
    from cryptography import x509  # noqa: PLC0415  loaded only where TLS is spoken

    fingerprint = hashlib.sha256(der).hexdigest()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library warns of odd certificates; here they are evidence
        try:
            certificate = x509.load_der_x509_certificate(der)
        except ValueError:
            return CertificateInfo(sha256=fingerprint)
        return CertificateInfo(sha256=fingerprint, **_readable_fields(certificate))


def name_matches(certificate: CertificateInfo, dialled: str) -> bool:
    """Whether the certificate is for `dialled`, a name or an IP literal (RFC 9525 section 6, RFC 6125).

    Only subjectAltName counts. A wildcard stands for one whole leftmost label, and as in browsers and OpenSSL two
    more labels must follow it. An IP literal is compared with iPAddress entries only.
    """
    host = dialled.strip("[]").partition("%")[0]
    if is_literal(host):
        return str(ipaddress.ip_address(host)) in certificate.ip_addresses
    name = _ascii_name(host)
    return bool(name) and any(_covers(pattern.lower().removesuffix("."), name) for pattern in certificate.dns_names)


def _covers(pattern: str, name: str) -> bool:
    if not pattern.startswith("*."):
        return pattern == name
    parent = pattern[2:]
    label, _, rest = name.partition(".")
    return bool(label) and rest == parent and "." in parent and "*" not in parent


def _ascii_name(host: str) -> str:
    try:
        return host.removesuffix(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""


def _readable_fields(certificate: "x509.Certificate") -> dict[str, Any]:
    readers: dict[str, Callable[[], Any]] = {
        "subject": lambda: _clean(certificate.subject.rfc4514_string()),
        "issuer": lambda: _clean(certificate.issuer.rfc4514_string()),
        "serial": lambda: f"{certificate.serial_number:x}",
        "not_before": lambda: _rfc3339(certificate.not_valid_before_utc),
        "not_after": lambda: _rfc3339(certificate.not_valid_after_utc),
        "dns_names": lambda: _dns_names(certificate),
        "ip_addresses": lambda: _ip_addresses(certificate),
        "key": lambda: _key(certificate),
        "signature_algorithm": lambda: _signature(certificate),
        "self_issued": lambda: certificate.subject == certificate.issuer,
    }
    fields: dict[str, Any] = {}
    for field, read in readers.items():
        try:
            fields[field] = read()
        except Exception:  # noqa: S112  the parser is lazy, and each malformed field raises in its own way
            continue
    return fields


def _rfc3339(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _dns_names(certificate: "x509.Certificate") -> tuple[str, ...]:
    from cryptography import x509  # noqa: PLC0415

    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return tuple(_clean(name) for name in names.get_values_for_type(x509.DNSName))


def _ip_addresses(certificate: "x509.Certificate") -> tuple[str, ...]:
    from cryptography import x509  # noqa: PLC0415

    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return tuple(str(address) for address in names.get_values_for_type(x509.IPAddress))


def _key(certificate: "x509.Certificate") -> str:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: PLC0415

    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {_CURVES.get(key.curve.name, key.curve.name)}"
    return type(key).__name__.removesuffix("PublicKey").lstrip("_")


def _signature(certificate: "x509.Certificate") -> str:
    oid = certificate.signature_algorithm_oid.dotted_string
    return _SIGNATURES.get(oid, oid)


def _clean(text: str) -> str:
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text[:_TEXT_LIMIT])
