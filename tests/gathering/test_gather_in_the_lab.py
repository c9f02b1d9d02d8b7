"""Gathering in worlds with a real coturn: what is found, what is missing and why, and what aioice finds there."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from natprobe.diagnose import diagnose
from natprobe.fold import fold
from natprobe.probes import evidence_types
from natprobe.record import read
from natprobe_reports.json import decode
from natprobe_reports.schema import json_schema
from tests.conftest import BuildWorld
from tests.lab.certificates import Authority
from tests.lab.coturn import LONG_TERM, PASSWORD, USER, Coturn, cloud_addresses
from tests.lab.layout import ALL_PORTS, SERVER_IPV4, SILENT_IPV4, Client, Closed, HomeNat, Layout
from tests.lab.nameserver import Nameserver
from tests.lab.process import Completed
from tests.lab.world import World, natprobe_command

pytestmark = pytest.mark.lab

STUN = f"stun:{SERVER_IPV4}"
TURN_UDP, TURN_TCP = (f"turn:{SERVER_IPV4}?transport={way}" for way in ("udp", "tcp"))
TURN_TLS = f"turns:{SERVER_IPV4}?transport=tcp"
LOGIN = ("-u", USER, "-p", PASSWORD)
HOME = Layout(clients=(Client(nat=HomeNat()),))
NO_UDP = Layout(clients=(Client(nat=HomeNat(), closed=Closed(udp=(ALL_PORTS,))),))


def coturn(world: World, *options: str) -> Coturn:
    return Coturn(world, *cloud_addresses(world), *LONG_TERM, *options)


def gathered(world: World, *arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the report, which fits its schema and shows no password."""
    done = world.natprobe("gather", *arguments, "--json")
    assert done.stderr == ""
    assert PASSWORD not in done.stdout
    jsonschema.validate(done.report, json_schema(evidence_types()))
    return done.exit_code, done.report


def kinds(report: dict[str, Any]) -> set[tuple[str, str, str | None]]:
    """Type, host and relay protocol of each candidate."""
    return {(each["type"], each["address"]["host"], each.get("relay_protocol")) for each in report["candidates"]}


def errors(report: dict[str, Any]) -> dict[str, tuple[int | None, str]]:
    return {each["url"]: (each.get("code"), each["text"]) for each in report["candidate_errors"]}


def found(report: dict[str, Any]) -> set[str]:
    return {finding["id"] for finding in report["findings"]}


def test_behind_a_home_nat_every_kind_is_found_over_every_transport(
    build_world: BuildWorld, authority: Authority
) -> None:
    world = build_world(HOME)
    server = coturn(world, *authority.issue("good", SERVER_IPV4).options)
    code, report = gathered(
        world, STUN, TURN_UDP, TURN_TCP, TURN_TLS, f"turns:{SERVER_IPV4}?transport=udp", *LOGIN,
        "--ca-file", str(authority.root),
    )  # fmt: skip
    assert kinds(report) == {
        ("host", "10.7.0.2", None),
        ("host", "2001:db8:107::2", None),
        ("srflx", "198.51.100.20", None),
        *(("relay", SERVER_IPV4, way) for way in ("udp", "tcp", "tls", "dtls")),
    }
    assert (code, report["candidate_errors"], found(report)) == (0, [], set())
    assert server.settles_at(0)


def test_the_reflexive_candidates_base_is_a_host_candidate(build_world: BuildWorld) -> None:
    world = build_world(HOME)
    coturn(world)
    _, report = gathered(world, STUN, "-4")
    host, srflx = report["candidates"]
    assert srflx["related"] == host["address"]
    assert srflx["candidate"].endswith(f"typ srflx raddr 10.7.0.2 rport {host['address']['port']}")
    assert host["priority"] > srflx["priority"]


_AIOICE = """
import aioice, asyncio, json, sys
async def main():
    server = (sys.argv[1], 3478)
    ice = aioice.Connection(ice_controlling=True, stun_server=server, turn_server=server,
                            turn_username=sys.argv[2], turn_password=sys.argv[3])
    await ice.gather_candidates()
    print(json.dumps([(each.type, each.host) for each in ice.local_candidates]))
    await ice.close()
asyncio.run(main())
"""


def of_aioice(world: World) -> set[tuple[str, str]]:
    done = world.client.run(sys.executable, "-c", _AIOICE, SERVER_IPV4, USER, PASSWORD, timeout=60)
    return {(kind, host) for kind, host in json.loads(done.stdout)}


@pytest.mark.parametrize("layout", [HOME, Layout()], ids=["home-nat", "public"])
def test_aioice_has_the_same_candidates_from_the_same_servers(build_world: BuildWorld, layout: Layout) -> None:
    world = build_world(layout)
    coturn(world)
    _, report = gathered(world, STUN, TURN_UDP, *LOGIN)
    ours = {(kind, host) for kind, host, _ in kinds(report)}
    assert ours == without_twins(of_aioice(world))


def without_twins(candidates: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """aioice keeps a reflexive candidate that equals a host candidate; RFC 8445 section 5.1.3 does not."""
    return {(kind, host) for kind, host in candidates if kind != "srflx" or ("host", host) not in candidates}


def test_a_public_host_has_no_reflexive_candidate_and_nothing_is_wrong(world: World) -> None:
    coturn(world)
    code, report = gathered(world, STUN, TURN_UDP, *LOGIN)
    assert {kind for kind, _, _ in kinds(report)} == {"host", "relay"}
    assert (code, report["candidate_errors"], found(report)) == (0, [], set())


def test_where_udp_is_blocked_the_relays_over_tcp_and_tls_are_found(
    build_world: BuildWorld, authority: Authority
) -> None:
    world = build_world(NO_UDP)
    coturn(world, *authority.issue("good", SERVER_IPV4).options)
    code, report = gathered(world, STUN, TURN_UDP, TURN_TCP, TURN_TLS, *LOGIN, "--ca-file", str(authority.root), "-4")
    assert kinds(report) == {("host", "10.7.0.2", None), ("relay", SERVER_IPV4, "tcp"), ("relay", SERVER_IPV4, "tls")}
    assert set(errors(report)) == {STUN, TURN_UDP}
    assert "does not answer over udp" in errors(report)[STUN][1]
    assert code == 1
    waited = max(each["at_ms"] for each in report["candidate_errors"])
    assert all(each["gathered_ms"] < waited for each in report["candidates"])


def test_a_wrong_password_is_told_with_its_code_where_a_browser_says_701(build_world: BuildWorld) -> None:
    world = build_world(HOME)
    coturn(world)
    code, report = gathered(world, TURN_UDP, TURN_TCP, "-u", USER, "-p", "mistaken", "-4")
    assert {kind for kind, _, _ in kinds(report)} == {"host", "srflx"}
    assert {url: told[0] for url, told in errors(report).items()} == {TURN_UDP: 401, TURN_TCP: 401}
    assert "does not accept this password" in errors(report)[TURN_TCP][1]
    assert {"turn-auth-401-bad-credentials", "ice-no-relay"} <= found(report)
    assert code == 1


def test_a_name_that_does_not_exist_is_told_as_such(build_world: BuildWorld) -> None:
    world = build_world(HOME)
    Nameserver(world)
    coturn(world)
    code, report = gathered(world, "stun:missing.example.org", STUN)
    assert "does not exist" in errors(report)["stun:missing.example.org"][1]
    assert {kind for kind, _, _ in kinds(report)} == {"host", "srflx"}
    assert code == 1


def test_a_dead_address_beside_a_live_one_is_a_warning(world: World) -> None:
    Nameserver(world)
    Coturn(world, *cloud_addresses(world)[:1])
    code, report = gathered(world, "stun:turn.example.org")
    assert [each["status"] for each in report["checks"] if each["id"] == "ice.gather"].count("warn") == 1
    assert (code, report["candidate_errors"]) == (0, [])
    assert "dns-aaaa-dead" in found(report)


def test_no_credentials_leave_the_relay_open_and_say_so(world: World) -> None:
    coturn(world)
    _, report = gathered(world, TURN_TCP)
    assert "no credentials" in errors(report)[TURN_TCP][1]


def test_the_policy_relay_shows_relays_alone(world: World) -> None:
    server = coturn(world)
    code, report = gathered(world, STUN, TURN_UDP, TURN_TCP, *LOGIN, "--policy", "relay")
    assert {kind for kind, _, _ in kinds(report)} == {"relay"}
    assert code == 0
    assert server.settles_at(0)


def test_the_policy_relay_without_a_turn_server_has_nothing(world: World) -> None:
    code, report = gathered(world, STUN, "--policy", "relay")
    assert (code, report["candidates"], found(report)) == (1, [], {"ice-relay-only-no-turn"})


def test_two_servers_behind_one_mapping_give_one_reflexive_candidate(build_world: BuildWorld) -> None:
    world = build_world(HOME)
    coturn(world)
    _, report = gathered(world, STUN, f"stun:{SERVER_IPV4}:3478", "stun:203.0.113.10:3479", "-4")
    assert [each["type"] for each in report["candidates"]] == ["host", "srflx"]


def test_an_iceservers_file_is_gathered_from_and_linted(world: World, tmp_path: Path) -> None:
    server = coturn(world)
    file = tmp_path / "ice.json"
    entries = [
        {"url": STUN},
        {"urls": [TURN_UDP, "turn://nowhere"], "username": USER, "credential": PASSWORD},
        {"urls": "turn:turn.example.org:3478?transport=tcp"},
    ]
    file.write_text(json.dumps({"iceServers": entries}))
    code, report = gathered(world, "--ice-servers", str(file), "-4")
    assert ("relay", SERVER_IPV4, "udp") in kinds(report)
    assert {"iceconfig-legacy-url-key", "uri-syntax", "iceconfig-missing-credential"} <= found(report)
    assert "has no slashes" in errors(report)["turn://nowhere"][1]
    assert code == 1
    assert server.settles_at(0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("<html>", "iceconfig-not-json"),
        ("7", "iceconfig-shape"),
        (None, "cannot be read"),
        ("\0", "iceconfig-not-json"),
    ],
)
def test_a_file_that_holds_no_servers_is_one_line(world: World, tmp_path: Path, content: str | None, said: str) -> None:
    file = tmp_path / "ice.json"
    if content is not None:
        file.write_text(content)
    done = world.natprobe("gather", "--ice-servers", str(file))
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert said in done.stderr


def test_the_text_trickles_then_tells_the_verdict_and_what_a_browser_would_show(world: World) -> None:
    coturn(world)
    done = world.natprobe("gather", STUN, f"turn:{SERVER_IPV4}", *LOGIN)
    trickled, _, rest = done.stdout.partition("\n\n")
    lines = trickled.splitlines()
    assert lines
    assert all(" ms  candidate:" in line for line in lines)
    times = [float(line.split()[0]) for line in lines]
    assert times == sorted(times)
    assert rest.startswith("PASS")
    assert "browser: Until camera or microphone is allowed" in rest
    assert "browser: For a turn URI without ?transport a browser tries UDP alone" in rest


def interrupted(world: World, arguments: Sequence[str], sign: str) -> Completed:
    """A gathering that is interrupted when `sign` has appeared."""
    running = world.client.start(*natprobe_command("gather", *arguments))
    running.wait_for(sign)
    running.interrupt()
    done = running.wait()
    running.stop()
    return done


def test_interrupted_it_tells_what_it_found_and_leaves_no_allocation(world: World) -> None:
    server = coturn(world)
    done = interrupted(world, (f"stun:{SILENT_IPV4}", TURN_UDP, TURN_TCP, *LOGIN), "typ relay")
    assert done.exit_code == 130
    assert "typ relay" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert server.settles_at(0)


def test_the_report_is_the_fold_of_the_recording(build_world: BuildWorld, tmp_path: Path) -> None:
    world = build_world(HOME)
    coturn(world)
    file = tmp_path / "run.jsonl"
    done = world.natprobe("gather", STUN, TURN_UDP, *LOGIN, "--json", "--record", str(file))
    assert diagnose(fold(read(file.read_bytes().splitlines()))) == decode(done.stdout.encode())
    assert PASSWORD.encode() not in file.read_bytes()


def test_every_candidate_line_agrees_with_its_fields(build_world: BuildWorld) -> None:
    world = build_world(HOME)
    coturn(world)
    _, report = gathered(world, STUN, TURN_UDP, TURN_TCP, *LOGIN)
    assert {each["type"] for each in report["candidates"]} == {"host", "srflx", "relay"}
    for each in report["candidates"]:
        words = each["candidate"].split()
        assert words[3:6] == [str(each["priority"]), each["address"]["host"], str(each["address"]["port"])]
        assert words[7] == each["type"]
    priorities = [each["priority"] for each in report["candidates"]]
    assert len(set(priorities)) == len(priorities)
    assert msgspec.json.encode(report)
