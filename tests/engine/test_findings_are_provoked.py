"""Every finding that a judge can raise stands in the catalogue, and some test brings it about."""

import ast
import re
from pathlib import Path

import pytest

from natprobe.catalogue import load
from tests.deployments.cases import BROKEN
from tests.lab import natscenario
from tests.ladder.answers import ANSWERS
from tests.ladder.test_faults import CASES
from tests.web.test_sites import SITES

ROOT = Path(__file__).parents[2]
PROBES = sorted((ROOT / "natprobe" / "probes").glob("*.py"))
LADDER = (
    *(path for path in PROBES if path.name.startswith(("dns_", "stun_", "tls_", "turn_"))),
    *sorted((ROOT / "natprobe" / "across").glob("*.py")),
    ROOT / "natprobe" / "diagnose.py",
    ROOT / "natprobe" / "credential" / "examine.py",
)
"""What `natprobe check` of a STUN or TURN server runs through."""
SITE_PROBES = ("port_",)
"""How the files of the probes begin whose findings rows of tests/web/test_sites.py bring about."""
SITE = tuple(path for path in PROBES if path.name.startswith(SITE_PROBES))
"""What `natprobe check` of a site, a gateway or a port runs through."""
WEB = tuple(path for path in PROBES if path.name.startswith(("http_", "web_", "iceconfig_", "apprtc_")))
"""What `natprobe check` of a page or an API runs through."""
SIGNALLING = (
    *(path for path in PROBES if path.name.startswith(("ws_", "sio_", "collider_"))),
    ROOT / "natprobe" / "signalling" / "refusals.py",
)
"""What `natprobe check` of a signalling server runs through."""
GATEWAY = (
    *(path for path in PROBES if path.name.startswith(("janus_", "srs_"))),
    ROOT / "natprobe" / "gateway" / "words.py",
)
"""What `natprobe check` of a media gateway runs through."""
NAT = tuple(path for path in PROBES if path.name.startswith("nat_"))
"""What `natprobe nat` runs through."""
JUDGES = (*PROBES, *(path for path in (*LADDER, *SIGNALLING, *GATEWAY) if path.parent.name != "probes"))
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
NO_FINDINGS = {
    *("link-local", "address-and-port-dependent", "address-dependent", "endpoint-independent", "udp-blocked"),
    *("response-port", "ask-again", "hex-sha1", "hex-sha256", "base64-sha1", "base64-sha256"),
    *("not-yet-valid", "self-signed", "self-signed-in-chain", "unable-to-get-issuer", "unable-to-get-issuer-locally"),
    *("key-too-small", "issuer-key-too-small", "weak-signature"),
    *("unable-to-verify-leaf", "content-type", "too-many", "utf-8", "no-store", "no-cache", "max-age", "cache-control"),
    *("accept-wrong", "not-websocket", "subprotocol-missing", "subprotocol-unasked", "extension-unasked"),
    *("unknown-sid", "close-frame", "accepting-new-sessions", "session-timeout", "full-trickle"),
    *("local-ip", "public-ip", "public-ips", "ice-lite", "ice-tcp", "stun-server", "turn-server"),
}
"""Words with a hyphen that judges use for something else."""
JUDGED_ONLY = {
    "ice-error-701": "diagnose knows it; the probes of ICE raise it",
    "ice-relay-missing-from-address": "a check asks from one address; see tests/gathering",
    "tls-root-not-in-libwebrtc": "takes a root that this system trusts by itself; see tests/ladder/test_app_roots.py",
    "tls-key-mismatch": "real servers notice it themselves; see tests/probes/test_tls_judges.py",
}
"""Findings of the ladder that no server of the tests brings about, and why."""

SITE_JUDGED_ONLY = {
    "no-route": "the lab routes both families everywhere; tests/ladder provokes it",
    "tcp-port-silent": "takes a run that ends within the moment between a port and its controls; see test_port_judges",
}
"""Findings of sites that no row of tests/web/test_sites.py brings about, and why."""

NAT_JUDGED_ONLY = {
    "nat-nondeterministic": "the lab's NATs are deterministic; see tests/probes/test_nat_judges.py",
    "nat-port-preserving-collision": "takes a neighbour on the same port; see tests/probes/test_nat_judges.py",
}
"""Findings that no NAT of tests/scenarios/nat brings about, and why."""


def words(path: Path) -> set[str]:
    """The string literals of a source file that look like a finding's id."""
    texts = (
        node.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return {text for text in texts if _ID.fullmatch(text)}


def provoked() -> frozenset[str]:
    """What the tables of the ladder's tests expect to be told."""
    tables = (case.provokes for table in (CASES, ANSWERS, SITES, BROKEN) for case in table)
    return frozenset[str]().union(*tables)


@pytest.mark.parametrize("path", JUDGES, ids=lambda path: path.stem)
def test_every_finding_that_a_judge_names_stands_in_the_catalogue(path: Path) -> None:
    assert {word for word in words(path) if word not in load()} <= NO_FINDINGS


def test_every_finding_of_the_ladder_is_brought_about_by_a_server() -> None:
    raisable = {word for path in LADDER for word in words(path) if word in load()}
    assert raisable - provoked() - about_the_web() == set(JUDGED_ONLY)


def test_every_finding_of_a_site_or_a_port_is_brought_about_in_a_world() -> None:
    raisable = {word for path in SITE for word in words(path) if word in load()}
    assert raisable - {finding for case in SITES for finding in case.provokes} == set(SITE_JUDGED_ONLY)


def test_every_finding_about_a_nat_is_brought_about_by_a_nat() -> None:
    raisable = {word for path in NAT for word in words(path) if word in load()}
    brought_about = {finding for scenario in natscenario.load().values() for finding in scenario.provokes}
    assert raisable - brought_about == set(NAT_JUDGED_ONLY)


def about_the_web() -> set[str]:
    """What the tests of web servers expect to be told."""
    return {word for path in (ROOT / "tests" / "web").glob("test_*.py") for word in words(path) if word in load()}


def test_every_finding_about_a_web_server_is_brought_about_by_one() -> None:
    raisable = {word for path in WEB for word in words(path) if word in load()}
    assert raisable <= about_the_web()


def test_every_finding_about_signalling_is_brought_about_by_a_server() -> None:
    raisable = {word for path in SIGNALLING for word in words(path) if word in load()}
    asserted = {word for path in (ROOT / "tests" / "signalling").glob("test_*.py") for word in words(path)}
    assert raisable <= asserted


def test_every_finding_about_a_gateway_is_brought_about_by_one() -> None:
    raisable = {word for path in GATEWAY for word in words(path) if word in load()}
    asserted = {word for path in (ROOT / "tests" / "gateway").glob("test_*.py") for word in words(path)}
    assert raisable <= asserted
