"""Calls that two agents make through a real coturn, and what is said of them."""

from typing import Any

import pytest

from natprobe.address import Address
from natprobe.client.call import Call, Flow, Pair, Quality
from natprobe.client.jitter import jitter_ms
from natprobe.model import Status
from natprobe.probes import ice_connect
from tests.conftest import BuildWorld
from tests.lab.certificates import Authority
from tests.lab.coturn import LONG_TERM, PASSWORD, USER, Coturn, cloud_addresses
from tests.lab.layout import SERVER_IPV4, Client, HomeNat, Layout
from tests.lab.world import World

TARGETS = f"turn:{SERVER_IPV4}", f"turns:{SERVER_IPV4}?transport=tcp"
HOME = Layout(clients=(Client(nat=HomeNat()),))


def made(policy: str, trouble: str | None = None, arrived: int = 50) -> Call:
    at = Address("203.0.113.10", 50000)
    pair = Pair(local=at, local_type="relay", remote=at, remote_type="relay", state="succeeded")
    flows = Flow(sent=50, arrived=50, jitter_ms=0.1), Flow(sent=50, arrived=arrived, jitter_ms=0.1)
    quality = Quality(outward=flows[0], inward=flows[1], rtt_ms=1.5)
    types = (("relay",), ("relay",))
    if trouble:
        return Call(
            policy="relay" if policy == "relay" else "all", candidates=types, role="controlling", trouble=trouble
        )
    return Call(
        policy="relay" if policy == "relay" else "all",
        candidates=types,
        role="controlling",
        connect_ms=43.0,
        selected=pair,
        pairs=(pair,),
        quality=quality,
    )


@pytest.mark.parametrize(
    ("relay", "everything", "status", "finding"),
    [
        (made("relay"), made("all"), Status.PASS, None),
        (made("relay", arrived=48), made("all"), Status.WARN, None),
        (made("relay", "every pair failed"), made("all"), Status.FAIL, "ice-all-hides-broken-turn"),
        (made("relay", "every pair failed"), made("all", "every pair failed"), Status.FAIL, "ice-check-timeout"),
        (made("relay"), made("all", "every pair failed"), Status.PASS, None),
    ],
)
def test_the_relay_only_call_decides(relay: Call, everything: Call, status: Status, finding: str | None) -> None:
    told = ice_connect.judge(ice_connect.Evidence(server=Address(SERVER_IPV4, 3478), relay=relay, all=everything))
    assert told.status is status
    assert [raised.id for raised in told.raised] == ([finding] if finding else [])
    assert told.summary.startswith("relays alone: ")
    assert "; all candidates: " in told.summary


def test_jitter_is_that_of_rfc_3550() -> None:
    assert jitter_ms([5.0]) is None
    assert jitter_ms([5.0, 5.0, 5.0]) == 0.0
    assert jitter_ms([0.0, 16.0]) == 1.0
    assert jitter_ms([-9000.0, -8984.0]) == 1.0, "the clocks of the two ends need not agree"


def called(world: World, authority: Authority) -> list[dict[str, Any]]:
    """The `ice.connect` checks of one gathering."""
    login = ("-u", USER, "-p", PASSWORD, "--ca-file", str(authority.root))
    done = world.natprobe("gather", *TARGETS, *login, "-4", "--connect", "--timeout", "60", "--json")
    assert done.stderr == ""
    assert PASSWORD not in done.stdout
    return [check for check in done.report["checks"] if check["id"] == "ice.connect"]


@pytest.mark.lab
def test_a_sound_server_connects_calls_over_every_transport(build_world: BuildWorld, authority: Authority) -> None:
    world = build_world(HOME)
    server = Coturn(world, *cloud_addresses(world), *LONG_TERM, *authority.issue("good", SERVER_IPV4).options)
    checks = called(world, authority)
    assert {check["transport"] for check in checks} == {"udp", "tcp", "tls"}
    for check in checks:
        relay, everything = check["evidence"]["relay"], check["evidence"]["all"]
        assert (relay["selected"]["local_type"], relay["selected"]["remote_type"]) == ("relay", "relay")
        assert everything["selected"]["local_type"] == "host"
        assert relay["quality"]["outward"]["sent"] == 50
        assert relay["quality"]["inward"]["arrived"] > 0
    assert server.settles_at(0)


@pytest.mark.lab
def test_all_connects_where_relays_alone_do_not_and_one_sentence_says_both(
    build_world: BuildWorld, authority: Authority
) -> None:
    world = build_world(HOME)
    options = ("listening-ip=0.0.0.0", f"external-ip={SERVER_IPV4}", *LONG_TERM)
    server = Coturn(world, *options, *authority.issue("good", SERVER_IPV4).options)
    checks = called(world, authority)
    assert checks
    for check in checks:
        assert check["status"] == "fail"
        assert check["findings"] == ["ice-all-hides-broken-turn"]
        assert "relays alone: fails" in check["summary"]
        assert "all candidates: connected" in check["summary"]
    assert server.settles_at(0)
