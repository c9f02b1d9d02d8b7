"""Evidence for the examples, of the probes' own types."""

from typing import Any

import msgspec

from natprobe.address import Address
from natprobe.client.flight import Flight
from natprobe.net.certificate import CertificateInfo
from natprobe.net.handshake import ChainError, Handshake
from natprobe.probes import tls_certificate, turn_reach, turn_relay_in
from natprobe.wire.transactions import Exchange

RELAYED = Address("203.0.113.10", 49172)


def reached(server: Address, transport: str) -> dict[str, Any]:
    """One request, answered by a challenge."""
    asked = Exchange(request="Allocate", sends_ms=(21.4,), answered_ms=42.3, rtt_ms=20.9, outcome="error", code=401)
    return _plain(
        turn_reach.Evidence(
            server=server, transport=transport, local=Address("10.7.0.2", 40112), opened_ms=0.2, exchanges=(asked,)
        )
    )


def closed_to_strangers() -> dict[str, Any]:
    """Nothing came in, though what the relay itself sends, and the answers to it, pass."""
    sends_ms = (127.0, 131.0, 157.0, 227.0, 377.0, 627.0, 1127.0)
    return _plain(
        turn_relay_in.Evidence(
            relayed=RELAYED,
            permitted=True,
            udp=True,
            peer_mapped=Address("203.0.113.20", 40113),
            flight=Flight(path="peer to relay, unsolicited", sends_ms=sends_ms, waited_ms=2000.0),
            outward_began_ms=140.2,
            outward_arrived=True,
            outward_seen=RELAYED,
            returned=True,
            declared_ports=(49160, 49200),
        )
    )


def ended(server: Address) -> dict[str, Any]:
    """A handshake whose certificate ended three days ago."""
    leaf = CertificateInfo(
        subject="CN=turn.example.org",
        issuer="CN=Example CA R3",
        serial="04a1f7",
        not_before="2026-08-20T09:00:00Z",
        not_after="2026-11-18T08:59:59Z",
        dns_names=("turn.example.org",),
        key="EC secp256r1",
        signature_algorithm="ecdsa-with-SHA256",
        sha256="5e2d" * 16,
    )
    return _plain(
        tls_certificate.Evidence(
            server=server,
            handshake=Handshake(
                version="TLSv1.3",
                cipher="TLS_AES_256_GCM_SHA384",
                alpn=None,
                server_name="turn.example.org",
                sni_sent=True,
                started_ms=30.1,
                connected_ms=29.8,
                duration_ms=44.0,
                chain=(leaf,),
                errors=(ChainError(depth=0, code=10, name="expired", sentence="the certificate has expired"),),
                name_matches=True,
            ),
            now="2026-11-21T09:00:00Z",
            insecure=False,
        )
    )


def _plain(evidence: msgspec.Struct) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(evidence))
    return plain
