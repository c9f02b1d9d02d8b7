"""Certificates, good ones and each kind of bad one, by a root that only the lab trusts."""

import datetime as dt
import itertools
import subprocess
import tempfile
from pathlib import Path
from typing import Literal, NamedTuple

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAME = "turn.example.org"
OTHER_NAME = "other.example.org"
Kind = Literal[
    "good", "expired", "not-yet-valid", "expiring", "old", "wrong-name", "leaf-only", "self-signed", "short-key", "sha1"
]


class Certificate(NamedTuple):
    """Files of one server: what it presents, and its key."""

    chain: Path
    key: Path

    @property
    def options(self) -> tuple[str, str]:
        """As coturn takes them."""
        return (f"cert={self.chain}", f"pkey={self.key}")


class Authority:
    """A root with one intermediate; `root` is the file that a client is told to trust."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._numbers = itertools.count()
        self._root = trustme.CA(organization_name="Lab root")
        self._intermediate = self._root.create_child_ca()
        self.root = directory / "root.pem"
        self._root.cert_pem.write_to_path(self.root)

    def issue(self, kind: Kind = "good", *names: str) -> Certificate:
        """A certificate for `names` (host names and addresses; turn.example.org where none is given)."""
        wanted = names or ((OTHER_NAME,) if kind == "wrong-name" else (NAME,))
        if kind == "self-signed":
            return self._write(kind, *_self_signed(wanted[0]))
        if kind in {"short-key", "sha1"}:
            return self._write(kind, *self._weak(kind, wanted[0]))
        since, until = _validity(kind)
        leaf = self._intermediate.issue_cert(*wanted, not_before=since, not_after=until)
        chain = leaf.cert_chain_pems[:1] if kind == "leaf-only" else leaf.cert_chain_pems
        return self._write(kind, b"".join(pem.bytes() for pem in chain), leaf.private_key_pem.bytes())

    def _weak(self, kind: Kind, name: str) -> tuple[bytes, bytes]:
        """What no authority signs any more, so openssl does it: signed by the root itself."""
        directory = Path(tempfile.mkdtemp(dir=self._directory))
        key, request, chain = directory / "key", directory / "request", directory / "chain"
        issuer, issuer_key = directory / "issuer", directory / "issuer-key"
        issuer.write_bytes(self._root.cert_pem.bytes())
        issuer_key.write_bytes(self._root.private_key_pem.bytes())
        extensions = directory / "extensions"
        extensions.write_text(f"subjectAltName=DNS:{name}\nextendedKeyUsage=serverAuth\n")
        bits = "1024" if kind == "short-key" else "2048"
        make = ("openssl", "req", "-new", "-newkey", f"rsa:{bits}", "-nodes", "-keyout", key, "-out", request)
        sign = ("openssl", "x509", "-req", "-in", request, "-CA", issuer, "-CAkey", issuer_key, "-set_serial", "7")
        digest = "-sha1" if kind == "sha1" else "-sha256"
        for command in ((*make, "-subj", f"/CN={name}"), (*sign, "-days", "60", digest, "-extfile", extensions)):
            out = () if command[1] == "req" else ("-out", chain)
            subprocess.run((*command, *out), check=True, capture_output=True)
        return chain.read_bytes(), key.read_bytes()

    def _write(self, kind: Kind, chain: bytes, key: bytes) -> Certificate:
        name = f"{next(self._numbers)}-{kind}"
        files = Certificate(self._directory / f"{name}.pem", self._directory / f"{name}.key")
        files.chain.write_bytes(chain)
        files.key.write_bytes(key)
        return files


def _validity(kind: Kind) -> tuple[dt.datetime, dt.datetime]:
    now = dt.datetime.now(dt.UTC)
    day = dt.timedelta(days=1)
    spans = {
        "expired": (now - 30 * day, now - 2 * day),
        "not-yet-valid": (now + 2 * day, now + 30 * day),
        "old": (now - 40 * day, now + 40 * day),
        "expiring": (now - 30 * day, now + 10.5 * day),
    }
    return spans.get(kind, (now - day, now + 60 * day))


def _self_signed(name: str) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    since, until = _validity("self-signed")
    certificate = (
        x509.CertificateBuilder(subject_name=subject, issuer_name=subject, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    return certificate.public_bytes(pem), key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
