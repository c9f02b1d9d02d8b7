"""What a handshake that fails means, by tables: for servers that the lab does not have."""

import pytest

from natprobe.address import Address
from natprobe.client.tls_trials import Trial, VersionTrial
from natprobe.net.trouble import Reason, Trouble
from natprobe.probes import tls_handshake, tls_protocol

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
