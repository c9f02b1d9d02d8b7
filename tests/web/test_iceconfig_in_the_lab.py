"""An ICE endpoint, nginx and coturn in a world of their own: what is handed out is tried where it leads."""

from typing import Any

import pytest

from natprobe_reports.json import decode
from tests.conftest import BuildWorld
from tests.lab.coturn import LONG_TERM, Coturn, cloud_addresses
from tests.lab.layout import ALL_PORTS, SERVER_IPV4, Layout, Server
from tests.lab.web import start

pytestmark = pytest.mark.lab

KEY = "key-of-the-lab"
OPEN = Layout(server=Server(open_udp=(ALL_PORTS,), open_tcp=(ALL_PORTS,)))
URLS = [f"stun:{SERVER_IPV4}:3478", f"turn:{SERVER_IPV4}:3478?transport=udp"]


def told(build_world: BuildWorld, coturn: tuple[str, ...], **endpoint: Any) -> tuple[set[str], dict[str, set[str]]]:
    """The findings of a check of the endpoint, and the statuses of each check's cells."""
    world = build_world(OPEN)
    server = Coturn(world, *cloud_addresses(world), *coturn)
    start(world, "icerest", port=8088, key=KEY, user="alice", urls=URLS, **endpoint)
    done = world.natprobe("check", f"iceconfig+http://{SERVER_IPV4}:8088/v1alpha/iceconfig", "-4", "--json")
    report = decode(done.stdout.encode())
    statuses: dict[str, set[str]] = {}
    for check in report.checks:
        statuses.setdefault(check.id, set()).add(str(check.status))
    assert server.settles_at(0)
    return {finding.id for finding in report.findings}, statuses


def test_credentials_that_a_static_turn_server_never_heard_of_are_the_endpoints_fault(build_world: BuildWorld) -> None:
    findings, statuses = told(build_world, LONG_TERM)
    assert findings >= {"iceconfig-expired", "iceconfig-content-type", "iceconfig-turn-rejects"}
    assert statuses["turn.allocate"] == {"fail"}


def test_an_endpoint_that_shares_its_secret_with_coturn_hands_out_what_works(build_world: BuildWorld) -> None:
    shared = ("use-auth-secret", f"static-auth-secret={KEY}", "realm=example.org")
    findings, statuses = told(build_world, shared, lifetime_s=86400, content_type="application/json")
    assert findings == {"iceconfig-unauthenticated", "iceconfig-stun-mixed-with-credentials"}
    assert statuses["turn.allocate"] == {"pass"}
    assert statuses["iceconfig.expiry"] == {"pass"}
