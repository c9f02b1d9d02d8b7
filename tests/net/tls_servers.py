"""TLS servers with certificates of every kind, and the certificates."""

import asyncio
import contextlib
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from natprobe.address import Address
from tests.net.test_tcp import Script, serving

NAME = "turn.example.org"
_NOW = dt.datetime.now(dt.UTC)
PAST, FUTURE = _NOW - dt.timedelta(days=2), _NOW + dt.timedelta(days=2)


def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def leaf_alone(certificate: trustme.LeafCert, directory: Path) -> ssl.SSLContext:
    """Serves the first certificate without those between it and the root."""
    pem = directory / "leaf.pem"
    pem.write_bytes(certificate.cert_chain_pems[0].bytes() + certificate.private_key_pem.bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def self_signed(directory: Path) -> Path:
    """A PEM file with a key and the certificate that it signed itself, as people make them with openssl req."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 0xC0FFEE, PAST, FUTURE)
    certificate = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
    pem = directory / "self-signed.pem"
    pem.write_bytes(
        certificate.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem


def self_signed_context(directory: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(directory))
    return context


def with_server_name(context: ssl.SSLContext, answer: Callable[[str | None], int | None]) -> ssl.SSLContext:
    """Calls `answer` with the name that the client sends; its number is the alert, None goes on."""
    context.sni_callback = lambda _socket, name, _context: answer(name)
    return context


@contextlib.asynccontextmanager
async def serving_tls(context: ssl.SSLContext, script: Script, host: str = "127.0.0.1") -> AsyncIterator[Address]:
    async with serving(script, host, context) as remote:
        yield remote


def handshake_only(context: ssl.SSLContext) -> Script:
    """A plain script that makes the TLS handshake by hand: asyncio's own server swallows the alerts it should send."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=True)
        while data := await reader.read(1 << 16):
            incoming.write(data)
            with contextlib.suppress(ssl.SSLError):
                tls.do_handshake()
            writer.write(outgoing.read())

    return play
