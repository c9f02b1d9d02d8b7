"""What a handshake that fails means, by tables: for servers that the lab does not have."""

import pytest

from natprobe.address import Address
from natprobe.client.tls_trials import Trial, VersionTrial
from natprobe.net.certificate import CertificateInfo
from natprobe.net.handshake import ChainError, Handshake
from natprobe.net.trouble import Reason, Trouble
from natprobe.probes import tls_certificate, tls_handshake, tls_protocol

SERVER = Address("203.0.113.10", 443)
Told = tuple[str, set[str]]


def failed(
    reason: Reason, *, alert: str | None = None, fault: str | None = None, clear: str | None = None, asked: bool = False
) -> Told:
    """The verdict on a handshake that ended so."""
    trouble = Trouble(reason=reason, detail="it ended", alert=alert, fault=fault, client_certificate=asked)
    evidence = tls_handshake.Evidence(server=SERVER, server_name="www.example.org", trouble=trouble, clear=clear)
    judgement = tls_handshake.judge(evidence)
    return str(judgement.status), {raised.id for raised in judgement.raised}


def test_a_signature_that_does_not_fit_the_certificate_is_a_key_of_another_one() -> None:
    assert failed(Reason.TLS, fault="bad signature") == ("fail", {"tls-key-mismatch"})


@pytest.mark.parametrize("reason", [Reason.CLOSED, Reason.RESET, Reason.SILENT, Reason.TIMEOUT, Reason.TLS])
def test_where_only_the_failure_is_known_only_the_failure_is_told(reason: Reason) -> None:
    assert failed(reason) == ("fail", {"tls-handshake-failed"})
    assert failed(reason, clear="http") == ("fail", {"tls-plain-http-on-tls-port"})
    assert failed(reason, clear="stun") == ("fail", {"plain-vs-tls-swapped"})


def test_a_refusal_is_for_want_of_a_certificate_only_where_one_was_asked_for() -> None:
    assert failed(Reason.TLS, alert="handshake_failure") == ("fail", {"tls-handshake-failed"})
    assert failed(Reason.TLS, alert="handshake_failure", asked=True) == ("fail", {"tls-client-cert-required"})
    assert failed(Reason.LOCAL) == ("inconclusive", set())


def versions(*, shaken: bool, **outcomes: str) -> Told:
    """The verdict on these outcomes, by version: one=TLS 1.0, two=1.1, three=1.2, four=1.3."""
    names = {"one": "TLSv1", "two": "TLSv1.1", "three": "TLSv1.2", "four": "TLSv1.3"}
    trials = tuple(
        VersionTrial(version=version, trial=Trial(outcome=outcomes.get(key, "refused")))  # type: ignore[arg-type]
        for key, version in names.items()
    )
    evidence = tls_protocol.Evidence(server=SERVER, server_name="www.example.org", shaken=shaken, versions=trials)
    judgement = tls_protocol.judge(evidence)
    return str(judgement.status), {raised.id for raised in judgement.raised}


def test_a_version_that_did_not_answer_is_neither_offered_nor_refused() -> None:
    assert versions(shaken=True, four="completed") == ("pass", set())
    assert versions(shaken=True, three="untold", four="completed") == ("pass", set())
    assert versions(shaken=False) == ("inconclusive", set())
    assert versions(shaken=False, three="untold", four="untold") == ("inconclusive", set())
    assert versions(shaken=True, two="completed", three="completed") == ("warn", {"tls-legacy-protocols"})
    assert versions(shaken=False, two="completed") == ("fail", {"tls-too-old-only"})
    assert versions(shaken=True, one="silent", two="silent", three="completed") == ("pass", set())
    assert versions(shaken=False, one="silent", two="silent", three="silent") == ("inconclusive", set())


ROOT = CertificateInfo(sha256="00", subject="CN=Root", self_issued=True, key="RSA 1024")
"""Its own signature and key vouch for nothing: it is trusted as it is, or not at all."""


def certificate(
    *more: CertificateInfo,
    uri: str = "https://www.example.org/",
    min_days: int = 30,
    weak: str = "",
    version: str = "TLSv1.3",
    own_roots: bool = False,
    **leaf: str,
) -> Told:
    """The verdict, on 24 November 2026, on a certificate for www.example.org that ends on 24 January 2027."""
    given = {"subject": "CN=www.example.org", "key": "EC P-256", "signature_algorithm": "ecdsa-with-SHA256"} | leaf
    shown = CertificateInfo(sha256="aa", not_after="2027-01-24T00:00:00Z", dns_names=("www.example.org",), **given)  # type: ignore[arg-type]
    errors = (ChainError(depth=0, code=66, name=weak, sentence="it is weak"),) if weak else ()
    name = uri.partition("//")[2].strip("/") or uri.partition(":")[2]
    handshake = Handshake(
        version=version,
        cipher=None,
        alpn=None,
        server_name=name,
        sni_sent=True,
        started_ms=0.0,
        connected_ms=1.0,
        duration_ms=1.0,
        chain=(shown, *more),
        errors=errors,
        name_matches=name == "www.example.org",
    )
    evidence = tls_certificate.Evidence(
        server=SERVER,
        handshake=handshake,
        now="2026-11-24T00:00:00Z",
        insecure=False,
        uri=uri,
        min_days=min_days,
        own_roots=own_roots,
    )
    judgement = tls_certificate.judge(evidence)
    return str(judgement.status), {raised.id for raised in judgement.raised}


def test_how_many_days_are_enough_is_for_the_user_to_say() -> None:
    assert certificate() == ("pass", set())
    assert certificate(min_days=61) == ("pass", set())
    assert certificate(min_days=62) == ("warn", {"tls-expiring"})


@pytest.mark.parametrize(
    ("key", "hashed", "finding"),
    [
        ("RSA 2048", "sha256WithRSAEncryption", None),
        ("RSA 1024", "sha256WithRSAEncryption", "tls-weak-key"),
        ("RSA 2048", "sha1WithRSAEncryption", "tls-weak-signature"),
        ("RSA 2048", "md5WithRSAEncryption", "tls-weak-signature"),
        ("unreadable", "unreadable", None),
    ],
)
def test_short_keys_and_broken_hashes_are_told_of_all_but_the_root(key: str, hashed: str, finding: str | None) -> None:
    told = ("fail", {finding}) if finding else ("pass", set())
    assert certificate(ROOT, key=key, signature_algorithm=hashed) == told
    above = CertificateInfo(sha256="bb", subject="CN=Between", key=key, signature_algorithm=hashed)
    assert certificate(above, ROOT) == told


def test_what_openssl_finds_too_weak_is_told_as_such() -> None:
    assert certificate(weak="issuer-key-too-small") == ("fail", {"tls-weak-key"})
    assert certificate(weak="weak-signature") == ("fail", {"tls-weak-signature"})


def test_an_address_is_for_turn_to_be_replaced_by_a_name_and_for_a_site_a_name_that_the_certificate_lacks() -> None:
    assert certificate(uri="https://192.0.2.1/") == ("fail", {"tls-hostname-mismatch"})
    assert certificate(uri="turns:192.0.2.1") == ("fail", {"uri-ip-literal-with-turns"})


def above(subject: str, issuer: str) -> CertificateInfo:
    """An authority's certificate, signed by another one."""
    return CertificateInfo(sha256="bb", subject=subject, issuer=issuer, signature_algorithm="sha256WithRSAEncryption")


GTS = "CN=GTS Root R1,O=Google Trust Services LLC,C=US"
USERTRUST = "CN=USERTrust RSA Certification Authority,O=The USERTRUST Network,L=Jersey City,ST=New Jersey,C=US"
R46 = "CN=Sectigo Public Server Authentication Root R46,O=Sectigo Limited,C=GB"
ISRG = "CN=ISRG Root X1,O=Internet Security Research Group,C=US"
CHAINS = {
    "known": (above("CN=WR2", GTS),),
    "known-to-lead-on": (above("CN=WR2", GTS), above(GTS, "CN=GlobalSign Root CA,OU=Root CA,O=GlobalSign nv-sa,C=BE")),
    "known-by-a-cross-signature": (above("CN=R36", R46), above(R46, USERTRUST)),
    "unknown": (above("CN=R36", ISRG),),
    "unknown-and-served-with-its-root": (
        above("CN=R36", ISRG),
        CertificateInfo(sha256="cc", subject=ISRG, issuer=ISRG),
    ),
}


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("scheme", ["turns", "stuns"])
def test_a_root_that_libwebrtc_lacks_is_noted_where_no_other_way_up_is_seen(scheme: str, chain: str) -> None:
    noted = {"tls-root-not-in-libwebrtc"} if chain.startswith("unknown") else set()
    issuer = CHAINS[chain][0].subject
    uri = f"{scheme}:www.example.org"
    assert certificate(*CHAINS[chain], uri=uri, issuer=issuer) == ("pass", noted)
    assert certificate(*CHAINS[chain], uri=uri, issuer=issuer, min_days=99) == ("warn", {"tls-expiring"} | noted)
    assert certificate(*CHAINS[chain], uri=uri, issuer=issuer, own_roots=True) == ("pass", set())
    assert certificate(*CHAINS[chain], uri=uri, issuer=issuer, version="DTLSv1.2") == ("pass", set())
    assert certificate(*CHAINS[chain], issuer=issuer) == ("pass", set())
    assert "tls-root-not-in-libwebrtc" not in certificate(*CHAINS[chain], uri=uri, weak="weak-signature")[1]
