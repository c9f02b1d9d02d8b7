"""One TLS or DTLS client session as bytes in and bytes out (memory BIOs): no socket, no clock.

The verify callback says yes to everything and takes notes, so that one handshake shows every fault of the chain.
Loads OpenSSL: import it lazily.
"""

from collections.abc import Iterator

from OpenSSL import SSL, crypto

from natprobe.address import is_literal
from natprobe.net.certificate import CertificateInfo, describe, name_matches
from natprobe.net.handshake import ALERTS, CHAIN_ERRORS, COMMON, ChainError, Handshake, Kind, Offer, Roots
from natprobe.net.trouble import Reason

DATAGRAM_LIMIT = 1200
_READ = 65536
_FATAL = 2
_CERTIFICATE_REQUEST = b"read server certificate request"
_PREFIXES: dict[Kind, tuple[int, ...]] = {"tls": (3,), "dtls": (0xFE, 0x01)}


class Broken(Exception):  # noqa: N818  it is a state of the session
    """The session cannot go on: why, and the peer's fatal alert where it sent one, or OpenSSL's own objection."""

    def __init__(self, reason: Reason, detail: str, alert: str | None = None, *, fault: str | None = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.alert = alert
        self.fault = fault


class Session:
    """A client's side of one session with `server_name`, a name or an IP literal."""

    def __init__(self, kind: Kind, server_name: str, roots: Roots, offer: Offer = COMMON) -> None:
        """Raises ValueError where the roots' file cannot be used."""
        self.kind = kind
        self.server_name = server_name
        self.sni = _sni(server_name) if offer.server_name else None
        self.asked_certificate = False
        self._errors: dict[tuple[int, int], ChainError] = {}
        self._first = b""
        self._alert: str | None = None
        context = roots.any_cipher(offer.version) if offer.version else roots.context(kind)
        self._ssl = SSL.Connection(context, None)
        self._ssl.set_verify(SSL.VERIFY_PEER, self._note)
        self._ssl.set_info_callback(self._overhear)
        if self.sni:
            self._ssl.set_tlsext_host_name(self.sni)
        if offer.alpn:
            self._ssl.set_alpn_protos([protocol.encode("ascii") for protocol in offer.alpn])
        if kind == "dtls":
            self._ssl.set_options(SSL.OP_NO_QUERY_MTU)
            self._ssl.set_ciphertext_mtu(DATAGRAM_LIMIT)
        self._ssl.set_connect_state()

    @property
    def heard(self) -> bool:
        """Whether the peer has sent anything."""
        return bool(self._first)

    @property
    def foreign(self) -> str | None:
        """How the peer's bytes begin, in print, where they are no records; None where they are, or none came."""
        if not self._first or _is_record(self.kind, self._first):
            return None
        return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in self._first)

    def feed(self, data: bytes) -> None:
        """Takes bytes of the peer; of DTLS one datagram at a time."""
        if not data:
            return
        self._first = self._first or data[:16]
        self._ssl.bio_write(data)

    def outgoing(self) -> bytes:
        """Whole records that are to be sent to the peer."""
        chunks = []
        while True:
            try:
                chunks.append(self._ssl.bio_read(_READ))
            except SSL.Error:
                return b"".join(chunks)

    def shake(self) -> bool:
        """Goes on with the handshake; True once it is complete. Raises Broken."""
        try:
            self._ssl.do_handshake()
        except SSL.WantReadError:
            return False
        except SSL.Error as error:
            raise self._broken(error) from None
        return True

    def retransmit(self) -> bytes:
        """DTLS: the last flight anew, where OpenSSL's own timer (RFC 6347 section 4.2.4) has run out; else nothing."""
        if self._ssl.DTLSv1_get_timeout() != 0:
            return b""
        try:
            self._ssl.DTLSv1_handle_timeout()
        except SSL.Error:
            return b""
        return self.outgoing()

    def read(self) -> Iterator[bytes]:
        """What the peer said under the encryption. Raises Broken after the last piece, close_notify included."""
        while True:
            try:
                yield self._ssl.recv(_READ)
            except SSL.WantReadError:
                return
            except SSL.ZeroReturnError:
                raise Broken(Reason.CLOSED, "the peer said close_notify") from None
            except SSL.Error as error:
                raise self._broken(error) from None

    def write(self, data: bytes) -> None:
        """Encrypts one message. Raises Broken."""
        try:
            self._ssl.sendall(data)
        except SSL.Error as error:
            raise self._broken(error) from None

    def shutdown(self) -> None:
        """Says close_notify, where that can still be said."""
        try:
            self._ssl.shutdown()
        except SSL.Error:
            return

    def evidence(self, *, started_ms: float, connected_ms: float) -> Handshake:
        """What the completed handshake showed."""
        chain = self._chain()
        alpn = self._ssl.get_alpn_proto_negotiated()
        return Handshake(
            version=self._ssl.get_protocol_version_name(),
            cipher=self._ssl.get_cipher_name(),
            alpn=alpn.decode("ascii", "replace") or None,
            server_name=self.server_name,
            sni_sent=self.sni is not None,
            started_ms=started_ms,
            connected_ms=connected_ms,
            duration_ms=connected_ms - started_ms,
            chain=chain,
            errors=tuple(self._errors.values()),
            name_matches=name_matches(chain[0], self.server_name) if chain else None,
            client_certificate=self.asked_certificate,
        )

    def _chain(self) -> tuple[CertificateInfo, ...]:
        served = self._ssl.get_peer_cert_chain() or []
        return tuple(describe(crypto.dump_certificate(crypto.FILETYPE_ASN1, one)) for one in served)

    def _note(self, _connection: SSL.Connection, _certificate: crypto.X509, code: int, depth: int, good: int) -> bool:
        if not good:
            name, sentence = CHAIN_ERRORS.get(code, (f"openssl-{code}", f"OpenSSL's verification says {code}"))
            self._errors[depth, code] = ChainError(depth=depth, code=code, name=name, sentence=sentence)
        return True

    def _overhear(self, connection: SSL.Connection, where: int, value: int) -> None:
        if where & SSL.SSL_CB_LOOP and _CERTIFICATE_REQUEST in connection.get_state_string():
            self.asked_certificate = True
        level, description = divmod(value, 256)
        if where & SSL.SSL_CB_READ_ALERT == SSL.SSL_CB_READ_ALERT and level == _FATAL:
            self._alert = ALERTS.get(description, f"alert_{description}")

    def _broken(self, error: SSL.Error) -> Broken:
        protocol = self.kind.upper()
        if self.foreign is not None:
            return Broken(Reason.TLS, f"the peer answers, but not with {protocol}: it begins with {self.foreign!r}")
        if self._alert is not None:
            return Broken(Reason.TLS, f"the peer ended {protocol} with the alert {self._alert}", self._alert)
        reason = _openssl_reason(error)
        return Broken(Reason.TLS, f"{protocol} failed: {reason}", fault=reason)


def _sni(server_name: str) -> bytes | None:
    """RFC 6066 section 3: a name without its trailing dot, in ASCII; never an IP literal."""
    if is_literal(server_name.strip("[]").partition("%")[0]):
        return None
    try:
        return server_name.removesuffix(".").encode("idna") or None
    except UnicodeError:
        return None


def _is_record(kind: Kind, first: bytes) -> bool:
    """Whether bytes begin like a record: content type 20 to 24, then the protocol's major version."""
    return 20 <= first[0] <= 24 and (len(first) < 2 or first[1] in _PREFIXES[kind])


def _openssl_reason(error: SSL.Error) -> str:
    entries = error.args[0] if error.args and isinstance(error.args[0], list) else []
    texts = [str(entry[-1]) for entry in entries if entry and entry[-1]]
    return texts[-1] if texts else (type(error).__name__ if not error.args else "the session ended unexpectedly")
