"""What a TLS or DTLS handshake showed: evidence, judged elsewhere. Nothing here says whether it is good enough."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from natprobe.net.certificate import CertificateInfo
from natprobe.net.endpoint import Endpoint

if TYPE_CHECKING:
    from OpenSSL import SSL

Kind = Literal["tls", "dtls"]

TlsVersion = Literal["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]
TLS_VERSIONS: dict[TlsVersion, int] = {"TLSv1": 0x0301, "TLSv1.1": 0x0302, "TLSv1.2": 0x0303, "TLSv1.3": 0x0304}
"""The versions that may still be met, with their numbers on the wire (RFC 8446 section 4.2.1)."""
_EVERY_CIPHER = b"ALL:@SECLEVEL=0"  # OpenSSL 3 has TLS 1.0 and 1.1 at security level 0 alone

_DTLS_1_2 = 0xFEFD  # RFC 6347 section 4.1; pyOpenSSL has no name for it

# RFC 8446 section 6, RFC 5246 section 7.2
ALERTS: dict[int, str] = {
    0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed",
    22: "record_overflow", 30: "decompression_failure", 40: "handshake_failure", 41: "no_certificate",
    42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired",
    46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error",
    51: "decrypt_error", 60: "export_restriction", 70: "protocol_version", 71: "insufficient_security",
    80: "internal_error", 86: "inappropriate_fallback", 90: "user_canceled", 100: "no_renegotiation",
    109: "missing_extension", 110: "unsupported_extension", 111: "certificate_unobtainable",
    112: "unrecognized_name", 113: "bad_certificate_status_response", 114: "bad_certificate_hash_value",
    115: "unknown_psk_identity", 116: "certificate_required", 120: "no_application_protocol",
}  # fmt: skip

# The codes of OpenSSL's x509_vfy.h that a served chain can raise.
CHAIN_ERRORS: dict[int, tuple[str, str]] = {
    2: ("unable-to-get-issuer", "the issuer's certificate is not at hand"),
    4: ("unable-to-decrypt-signature", "the signature cannot be read"),
    6: ("unable-to-decode-issuer-key", "the issuer's public key cannot be read"),
    7: ("signature-failure", "the signature is wrong"),
    9: ("not-yet-valid", "the certificate is not valid yet"),
    10: ("expired", "the certificate has expired"),
    13: ("malformed-not-before", "the start of its validity is malformed"),
    14: ("malformed-not-after", "the end of its validity is malformed"),
    18: ("self-signed", "the server's certificate is signed by itself and by no authority"),
    19: ("self-signed-in-chain", "the chain ends in a root that is not trusted here"),
    20: ("unable-to-get-issuer-locally", "its issuer is neither in the served chain nor among the trusted roots"),
    21: ("unable-to-verify-leaf", "the chain has the server's certificate alone, and no trusted root issued that"),
    22: ("chain-too-long", "the chain is too long"),
    23: ("revoked", "the certificate was revoked"),
    24: ("no-issuer-key", "the issuer has no public key"),
    25: ("path-length-exceeded", "the chain is longer than one of its authorities allows"),
    26: ("wrong-purpose", "the certificate is not meant for a TLS server"),
    27: ("not-trusted", "the root is not trusted for this purpose"),
    28: ("rejected", "the root is marked as rejected"),
    29: ("issuer-mismatch", "the issuer's name does not match"),
    30: ("key-identifier-mismatch", "the issuer's key identifier does not match"),
    32: ("issuer-may-not-sign", "the issuer's key may not sign certificates"),
    34: ("unknown-critical-extension", "a critical extension is not known"),
    41: ("invalid-extension", "an extension is malformed"),
    42: ("invalid-policy-extension", "a policy extension is malformed"),
    47: ("name-not-permitted", "an authority of the chain may not issue for this name"),
    48: ("name-excluded", "an authority of the chain is forbidden to issue for this name"),
    66: ("key-too-small", "the server's key is too small"),
    67: ("issuer-key-too-small", "an authority's key is too small"),
    68: ("weak-signature", "an authority signed with a hash that is too weak"),
    79: ("invalid-authority", "a certificate that is no authority signed another one"),
}


class ChainError(msgspec.Struct, frozen=True, kw_only=True):
    """One objection that verification raised. `depth` 0 is the server's own certificate."""

    depth: int
    code: int
    """OpenSSL's X509_V_ERR number."""
    name: str
    sentence: str


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What a ClientHello offers where it is not a common client's."""

    alpn: tuple[str, ...] = ()
    """Protocols for RFC 7301, the best one first; nothing leaves the extension out."""
    version: TlsVersion | None = None
    """That version alone, with every cipher that OpenSSL still knows; None is TLS 1.2 or later. Trusts nobody."""
    server_name: bool = True
    """Whether the name is sent (RFC 6066 section 3); an IP literal never is."""


COMMON = Offer()


class Handshake(msgspec.Struct, frozen=True, kw_only=True):
    """A completed handshake. `errors` is empty where the chain leads to a trusted root; the name is told apart."""

    version: str
    """Such as "TLSv1.3" or "DTLSv1.2"."""
    cipher: str | None
    alpn: str | None
    """What the server picked; None where it picked nothing."""
    server_name: str
    """The host that was dialled, a name or an IP literal."""
    sni_sent: bool
    """RFC 6066 section 3: for names only."""
    started_ms: float
    """When the first flight left, on an open connection; since the run's start, as is `connected_ms`."""
    connected_ms: float
    duration_ms: float
    chain: tuple[CertificateInfo, ...]
    """As served, the server's own certificate first."""
    errors: tuple[ChainError, ...]
    name_matches: bool | None
    """Whether the first certificate is for `server_name`; None where there is none."""
    client_certificate: bool = False
    """Whether the server asked for a certificate of ours (CertificateRequest). We have none."""


class Secured(msgspec.Struct, frozen=True, kw_only=True):
    """An open, encrypted endpoint, and how it came to be. Whether the certificate is good enough is yours to say."""

    endpoint: Endpoint
    handshake: Handshake


class Roots:
    """The authorities that are trusted: this system's, or those of one PEM file instead.

    The system's are found as OpenSSL does, SSL_CERT_FILE and SSL_CERT_DIR included. Make one for a run: what was
    loaded is kept for the next handshake.
    """

    def __init__(self, ca_file: str | Path | None = None) -> None:
        self.ca_file = None if ca_file is None else str(ca_file)
        self._contexts: dict[Kind, SSL.Context] = {}

    def context(self, kind: Kind) -> "SSL.Context":
        """The OpenSSL context for TLS or DTLS 1.2 and later. Raises ValueError where `ca_file` cannot be used."""
        if kind not in self._contexts:
            self._contexts[kind] = self._load(kind)
        return self._contexts[kind]

    def any_cipher(self, version: TlsVersion) -> "SSL.Context":
        """A context for that version alone, which trusts nobody: it is asked whether a handshake completes."""
        from OpenSSL import SSL  # noqa: PLC0415

        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_cipher_list(_EVERY_CIPHER)
        context.set_min_proto_version(TLS_VERSIONS[version])
        context.set_max_proto_version(TLS_VERSIONS[version])
        return context

    def _load(self, kind: Kind) -> "SSL.Context":
        from OpenSSL import SSL  # noqa: PLC0415  loaded only where TLS is spoken

        context = SSL.Context(SSL.TLS_CLIENT_METHOD if kind == "tls" else SSL.DTLS_CLIENT_METHOD)
        context.set_min_proto_version(SSL.TLS1_2_VERSION if kind == "tls" else _DTLS_1_2)
        if self.ca_file is None:
            _trust_system(context)
            return context
        try:
            context.load_verify_locations(self.ca_file)
        except SSL.Error as error:
            raise ValueError(f"{self.ca_file} holds no certificates that can be read") from error
        return context


def _trust_system(context: "SSL.Context") -> None:
    import ssl  # noqa: PLC0415
    import sys  # noqa: PLC0415

    from OpenSSL import crypto  # noqa: PLC0415

    context.set_default_verify_paths()
    if sys.platform == "linux":
        return
    # cryptography's wheels know no roots on Windows and macOS; Python's own ssl module does.
    store = context.get_cert_store()
    for der in ssl.create_default_context().get_ca_certs(binary_form=True):
        if store is not None:
            store.add_cert(crypto.load_certificate(crypto.FILETYPE_ASN1, der))
