"""A root that this system trusts, and libwebrtc's own list does not hold: noted for `turns:`, and nothing breaks."""

import pytest

from natprobe.catalogue import entry_of
from natprobe.data.libwebrtc import libwebrtc_roots
from natprobe_reports.json import decode
from tests.conftest import BuildWorld
from tests.lab.certificates import Authority
from tests.lab.coturn import LONG_TERM, Coturn, cloud_addresses
from tests.ladder.case import static_user

FINDING = "tls-root-not-in-libwebrtc"


@pytest.mark.lab
def test_a_chain_that_only_this_system_trusts_is_noted_for_turn_and_stun_over_tcp(
    build_world: BuildWorld, authority: Authority
) -> None:
    world, certificate = build_world(), authority.issue()
    Coturn(world, *cloud_addresses(world), *LONG_TERM, *certificate.options)
    targets = ("turns:turn.example.org", "stuns:turn.example.org", "tls:turn.example.org:5349")
    words = ("check", *targets, *static_user(), "-4", "--json")
    trusting = world.natprobe(*words, env={"SSL_CERT_FILE": str(authority.root)})
    report = decode(trusting.stdout.encode())
    assert (trusting.exit_code, report.verdict) == (0, "pass")
    noted = [(check.asked, check.transport) for check in report.checks if FINDING in check.findings]
    assert noted == [("turns:turn.example.org", "tls"), ("stuns:turn.example.org", "tls")]
    assert {finding.severity for finding in report.findings} == {"info"}
    told = world.natprobe(*words, "--ca-file", str(authority.root))
    assert decode(told.stdout.encode()).findings == ()
    untrusted = decode(world.natprobe(*words).stdout.encode())
    assert {finding.id for finding in untrusted.findings} == {"tls-chain-untrusted"}


def test_the_list_is_the_one_that_its_finding_tells_of() -> None:
    known = libwebrtc_roots()
    assert len({each.sha256 for each in known.roots}) == len(known.roots) == 36
    evidence = entry_of(FINDING).evidence
    assert f"the {len(known.roots)} roots" in evidence
    assert known.made in evidence
    assert not any("ISRG" in each.subject or "Amazon" in each.subject for each in known.roots)
