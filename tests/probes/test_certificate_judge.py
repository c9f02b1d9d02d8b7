"""What is said of a certificate, for each objection to it and for the place where it is shown."""

from typing import Any

import pytest

from natprobe.address import Address
from natprobe.net.certificate import CertificateInfo
from natprobe.net.handshake import ChainError, Handshake
from natprobe.probe import Judgement
from natprobe.probes import tls_certificate

SITE, TURN = "https://www.example.org/", "turns:www.example.org"
ABOVE = CertificateInfo(sha256="bb", subject="CN=Between", issuer="CN=Root", key="RSA 2048")


def judged(
    *errors: str,
    uri: str = SITE,
    above: tuple[CertificateInfo, ...] = (),
    name: str = "www.example.org",
    insecure: bool = False,
    **leaf: Any,
) -> Judgement:
    """On 24 November 2026, with OpenSSL's objections, shown to who dialled `name`."""
    known: dict[str, Any] = {
        "subject": "CN=www.example.org", "issuer": "CN=Between", "key": "EC P-256",
        "not_after": "2027-01-24T00:00:00Z", "dns_names": ("www.example.org",),
    }  # fmt: skip
    own = CertificateInfo(sha256="aa", **(known | leaf))
    handshake = Handshake(
        version="TLSv1.3",
        cipher=None,
        alpn=None,
        server_name=name,
        sni_sent=True,
        started_ms=0.0,
        connected_ms=1.0,
        duration_ms=1.0,
        chain=(own, *above),
        errors=tuple(ChainError(depth=0, code=1, name=error, sentence=f"it is {error}") for error in errors),
        name_matches=name in own.dns_names or name in own.ip_addresses,
    )
    evidence = tls_certificate.Evidence(
        server=Address("203.0.113.10", 443), handshake=handshake, now="2026-11-24T00:00:00Z", insecure=insecure, uri=uri
    )
    return tls_certificate.judge(evidence)


def ids(judgement: Judgement) -> tuple[str, ...]:
    """Its findings; none of them lets it pass."""
    assert str(judgement.status) == "fail"
    return tuple(raised.id for raised in judgement.raised)


NO_ISSUER = ("unable-to-get-issuer", "unable-to-get-issuer-locally", "unable-to-verify-leaf")


@pytest.mark.parametrize(
    ("error", "finding"),
    [
        ("expired", "tls-expired"),
        ("not-yet-valid", "tls-not-yet-valid"),
        ("self-signed", "tls-self-signed"),
        ("self-signed-in-chain", "tls-chain-untrusted"),
        ("an-objection-of-tomorrow", "tls-chain-untrusted"),
        ("key-too-small", "tls-weak-key"),
    ],
)
def test_each_objection_of_the_verifier_has_its_finding(error: str, finding: str) -> None:
    told = judged(error)
    assert ids(told) == (finding,)
    assert told.raised[0].facts["detail"] == f"it is {error}"


@pytest.mark.parametrize("error", NO_ISSUER)
def test_a_missing_issuer_is_the_servers_fault_only_where_it_serves_one_certificate(error: str) -> None:
    assert ids(judged(error)) == ("tls-chain-incomplete",)
    assert ids(judged(error, self_issued=True)) == ("tls-self-signed",)
    assert ids(judged(error, above=(ABOVE,))) == ("tls-chain-untrusted",)
    assert ids(judged(*NO_ISSUER)) == ("tls-chain-incomplete",)  # one fault is told once
    assert ids(judged(error, "self-signed", self_issued=True)) == ("tls-self-signed",)


def test_every_objection_is_told_the_chain_before_the_name() -> None:
    told = judged("expired", "unable-to-get-issuer-locally", name="turn.example.org")
    assert ids(told) == ("tls-expired", "tls-chain-incomplete", "tls-hostname-mismatch")
    assert "expired, served without its chain, for another name" in told.summary


def test_the_summary_says_whether_anything_goes_over_such_a_line() -> None:
    assert judged("expired").summary.endswith("(no secret is sent over it)")
    assert judged("expired", uri=TURN).summary.endswith("(--insecure goes on)")
    past = judged("expired", uri=TURN, insecure=True)
    assert ids(past) == ("tls-expired", "tls-unverified")
    assert past.summary.endswith("; --insecure goes on all the same")
    assert past.raised[1].facts["detail"] == "expired"


@pytest.mark.parametrize(
    ("uri", "addresses", "finding"),
    [
        ("turns:192.0.2.1", (), "uri-ip-literal-with-turns"),
        ("turns:192.0.2.1", ("192.0.2.9",), "tls-hostname-mismatch"),  # a certificate for addresses, of another one
        ("https://192.0.2.1/", (), "tls-hostname-mismatch"),
    ],
)
def test_an_address_that_no_certificate_names_is_told_by_what_it_names(
    uri: str, addresses: tuple[str, ...], finding: str
) -> None:
    assert ids(judged(uri=uri, name="192.0.2.1", ip_addresses=addresses)) == (finding,)


def test_a_root_that_stands_alone_is_looked_at_like_any_other() -> None:
    assert ids(judged("self-signed", self_issued=True, key="RSA 1024")) == ("tls-self-signed", "tls-weak-key")


def test_what_cannot_be_read_is_said_to_be_unknown() -> None:
    sound = judged(not_after=None)
    assert (str(sound.status), sound.raised) == ("pass", ())
    assert sound.summary == "TLSv1.3, valid for www.example.org, by CN=Between"
    assert "61 days left" in judged().summary
    (raised,) = judged("expired", dns_names=(), not_after=None, name="").raised[:1]
    told = {name: raised.facts[name] for name in ("names", "not_after", "not_before", "days")}
    assert told == {"names": "no name at all", "not_after": "unknown", "not_before": "unknown", "days": "unknown"}
    (late,) = judged("expired", not_after="2026-11-14T00:00:00Z", ip_addresses=("192.0.2.1",)).raised
    assert (late.facts["days"], late.facts["names"]) == ("10", "www.example.org, 192.0.2.1")
