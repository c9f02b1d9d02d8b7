"""A real Janus in the lab's cloud: what it says of itself, its session, and its media ports by connectivity checks."""

import signal

import pytest

from natprobe.pairing.gateway import gateway
from tests.conftest import BuildWorld
from tests.gateway.asking import OPEN, SHUT, asked
from tests.lab.janus import API_SECRET, HTTP_PORT, WS_PORT, Janus
from tests.lab.layout import ALL_PORTS, SERVER_IPV4, Layout, Server
from tests.lab.nginx import Nginx
from tests.lab.process import wait_until
from tests.lab.world import natprobe_command

pytestmark = [pytest.mark.lab, pytest.mark.deployments]

HTTP = f"janus+http://{SERVER_IPV4}:{HTTP_PORT}/janus"
WS = f"janus+ws://{SERVER_IPV4}:{WS_PORT}/"
MAPPED = f'nat_1_1_mapping = "{SERVER_IPV4}"'
SECRET = 'api_secret = { env = "SECRET" }'
CALL = ("janus.info", "janus.session", "janus.media")


@pytest.mark.parametrize("uri", [HTTP, WS])
def test_a_janus_that_knows_its_address_is_called_through(build_world: BuildWorld, uri: str) -> None:
    world = build_world(OPEN)
    Janus(world, MAPPED)
    told = asked(world, uri, SECRET, secret=API_SECRET)
    assert told.statuses(*CALL) == ["pass", "pass", "pass"]
    assert (told.exit_code, told.findings) == (0, set())
    assert told.check("janus.info").summary.startswith("Janus 1.1.2, takes sessions, ends quiet ones after 60 s, local")
    (candidate,) = told.check("janus.media").evidence["candidates"]
    assert (candidate["host"], candidate["fate"]) == (SERVER_IPV4, "answered")
    assert candidate["check"]["outcome"] == "success"
    assert API_SECRET not in told.everything


@pytest.mark.parametrize("uri", [HTTP, WS])
def test_without_the_secret_nothing_is_claimed_about_sessions(build_world: BuildWorld, uri: str) -> None:
    world = build_world(OPEN)
    Janus(world, MAPPED)
    told = asked(world, uri)
    assert told.statuses(*CALL) == ["pass", "inconclusive", "skip"]
    assert (told.exit_code, told.findings) == (4, {"janus-auth-required"})
    wrong = asked(world, uri, SECRET, secret="another")
    assert wrong.statuses(*CALL) == ["pass", "fail", "skip"]
    assert wrong.findings == {"janus-secret-refused"}


def test_a_janus_behind_a_one_to_one_nat_that_does_not_know_it_offers_private_addresses(
    build_world: BuildWorld,
) -> None:
    world = build_world(OPEN)
    Janus(world)
    told = asked(world, HTTP, SECRET, secret=API_SECRET)
    assert told.statuses(*CALL) == ["fail", "pass", "fail"]
    assert told.findings == {"janus-private-ip", "ice-private-candidate-from-server"}


def test_a_security_group_that_forgot_the_media_is_told_by_silence(build_world: BuildWorld) -> None:
    world = build_world(SHUT)
    Janus(world, MAPPED)
    told = asked(world, HTTP, SECRET, secret=API_SECRET)
    assert told.statuses(*CALL) == ["pass", "pass", "fail"]
    assert told.findings == {"janus-rtp-range-blocked"}
    assert "203.0.113.10:200" in told.check("janus.media").summary
    assert "/udp silent; asked 6 times in " in told.check("janus.media").summary


def test_a_lite_janus_behind_a_one_to_one_nat_is_a_warning(build_world: BuildWorld) -> None:
    world = build_world(OPEN)
    Janus(world, MAPPED, "ice_lite = true")
    told = asked(world, WS, SECRET, secret=API_SECRET)
    assert told.statuses(*CALL) == ["warn", "pass", "pass"]
    assert told.findings == {"janus-lite-with-1to1"}
    assert told.check("janus.media").evidence["lite"] is True


ICE_TCP = (MAPPED, "ice_lite = true", "ice_tcp = true")
TCP_SHUT = Layout(server=Server(open_udp=(ALL_PORTS,), open_tcp=((HTTP_PORT, HTTP_PORT),)))
TCP_REJECTED = Layout(server=Server(open_udp=(ALL_PORTS,), open_tcp=((HTTP_PORT, HTTP_PORT),), unsolicited="reject"))


@pytest.mark.parametrize(
    ("layout", "fates", "status", "findings"),
    [
        (OPEN, ["answered", "active", "answered"], "pass", set()),
        (TCP_SHUT, ["answered", "active", "silent"], "warn", {"ice-tcp-dead"}),
        (TCP_REJECTED, ["answered", "active", "rejected"], "warn", {"ice-tcp-dead"}),
        (SHUT, ["silent", "active", "answered"], "fail", {"janus-rtp-range-blocked"}),
    ],
)
def test_tcp_candidates_are_connected_to_and_asked_as_well(
    build_world: BuildWorld, layout: Layout, fates: list[str], status: str, findings: set[str]
) -> None:
    world = build_world(layout)
    Janus(world, *ICE_TCP)
    told = asked(world, HTTP, SECRET, secret=API_SECRET)
    check = told.check("janus.media")
    assert [each["fate"] for each in check.evidence["candidates"]] == fates
    assert (check.status.value, told.findings - {"janus-lite-with-1to1"}) == (status, findings)
    known = gateway(told.report)
    assert known is not None
    assert known.passive_tcp is (fates[2] == "answered")


def test_a_wrong_base_path_is_no_janus(build_world: BuildWorld) -> None:
    world = build_world(OPEN)
    Janus(world, MAPPED)
    told = asked(world, f"janus+http://{SERVER_IPV4}:{HTTP_PORT}/elsewhere")
    assert told.statuses(*CALL) == ["fail", "skip", "skip"]
    assert told.findings == {"janus-unreachable"}
    assert told.check("janus.info").summary == "no server_info: it answered 404 Not Found and no JSON object"


def test_sessions_are_destroyed_even_when_the_run_is_interrupted(build_world: BuildWorld) -> None:
    world = build_world(SHUT)
    janus = Janus(world, MAPPED)
    file = world.new_file("deployment.toml")
    file.write_text(f'[[target]]\nuri = "{HTTP}"\n{SECRET}\n')
    running = world.keep(world.client.start(*natprobe_command("check", "-d", str(file)), env={"SECRET": API_SECRET}))
    # The media checks go on for three seconds, as nothing answers them.
    janus.running.wait_for("Creating new handle")
    assert running.exit_code is None
    running.interrupt(signal.SIGINT)
    done = running.wait()
    assert done.exit_code == 130
    assert wait_until(lambda: "Destroying session" in janus.running.stdout(), 10)
    created = janus.running.stdout().count("Creating new session")
    assert created == janus.running.stdout().count("Destroying session") == 1
    assert "interrupted" in done.stdout


def test_a_proxy_that_doubles_a_slash_leaves_sessions_to_urls_that_end_in_one(build_world: BuildWorld) -> None:
    world = build_world(OPEN)
    Janus(world, MAPPED)
    Nginx(world, f"server {{ listen 80; location /gateway {{ proxy_pass http://127.0.0.1:{HTTP_PORT}/; }} }}")
    uri = f"janus+http://{SERVER_IPV4}/gateway/janus"
    without, ending = (asked(world, each, SECRET, secret=API_SECRET) for each in (uri, f"{uri}/"))
    assert without.statuses(*CALL) == ["pass", "fail", "skip"]
    assert without.findings == {"janus-session-refused", "nginx-path-rewrite"}
    assert without.check("janus.session").summary == "no session: it answered 404 Not Found and no JSON object"
    assert ending.statuses(*CALL) == ["pass", "pass", "pass"]
    assert ending.findings == {"nginx-path-rewrite"}


@pytest.mark.parametrize("uri", [HTTP, WS])
def test_candidates_that_come_after_the_answer_are_asked_as_well(build_world: BuildWorld, uri: str) -> None:
    world = build_world(OPEN)
    Janus(world, MAPPED, "full_trickle = true")
    told = asked(world, uri, SECRET, secret=API_SECRET)
    assert told.check("janus.info").evidence["info"]["full_trickle"] is True
    assert told.statuses(*CALL) == ["pass", "pass", "pass"]
    assert [each["fate"] for each in told.check("janus.media").evidence["candidates"]] == ["answered"]
