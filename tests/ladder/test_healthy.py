"""A healthy coturn passes every rung, over each transport, each family, and with each kind of credential."""

from collections.abc import Iterator

import pytest

from natprobe_reports.json import decode
from tests.lab.certificates import Authority
from tests.lab.coturn import LONG_TERM, Coturn, cloud_addresses
from tests.lab.world import World
from tests.ladder.case import Outcome, static_user
from tests.ladder.hold import assert_sound

pytestmark = pytest.mark.lab

RUNGS = {
    *("turn.reach", "turn.challenge", "turn.allocate", "turn.permission", "turn.relay-in", "turn.relay-out"),
    *("turn.relay-loop", "turn.channel", "turn.refresh", "turn.release", "turn.binding"),
}
SECRET = "the-secret-of-the-lab"
HOSTS = ("203.0.113.10", "[2001:db8:203::10]", "turn.example.org")
NAMES = "203.0.113.10", "2001:db8:203::10", "turn.example.org"


@pytest.fixture(scope="module")
def lab(authority: Authority) -> Iterator[World]:
    """One coturn for a user with a password, one for TURN REST; in the end neither holds an allocation."""
    with World() as world:
        shared = (*cloud_addresses(world), *authority.issue("good", *NAMES).options)
        ports = "min-port=49152", "max-port=55000"
        others = "alt-listening-port=3500", "alt-tls-listening-port=5400"  # its own choice would be the other's 3479
        static = Coturn(world, *shared, *LONG_TERM, *ports, *others)
        rest = "use-auth-secret", f"static-auth-secret={SECRET}", "realm=example.org"
        second = "listening-port=3479", "tls-listening-port=5350", "min-port=55001", "max-port=60000"
        other = Coturn(world, *shared, *rest, *second)
        yield world
        assert static.settles_at(0)
        assert other.settles_at(0)


def asked(world: World, target: str, *arguments: str) -> Outcome:
    """One check of `target`."""
    done = world.natprobe("check", target, *arguments, "--json")
    return Outcome(
        exit_code=done.exit_code, report=decode(done.stdout.encode()), stdout=done.stdout, stderr=done.stderr
    )


def assert_every_rung_passed(outcome: Outcome, cells: int, *more: str) -> None:
    """Nothing but success, `cells` times over."""
    assert_sound(outcome)
    assert outcome.exit_code == 0
    assert outcome.report.verdict == "pass"
    assert outcome.report.findings == ()
    assert {str(check.status) for check in outcome.report.checks} == {"pass"}
    told = sorted(check.id for check in outcome.report.checks)
    resolved = ["dns.resolve"] if "turn.example.org" in (outcome.report.checks[0].asked or "") else []
    assert told == sorted([*RUNGS, *more] * cells + resolved)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_healthy_server_passes_every_rung_in_the_clear(lab: World, transport: str, host: str) -> None:
    outcome = asked(lab, f"turn:{host}?transport={transport}", *static_user())
    assert_every_rung_passed(outcome, 2 if host == "turn.example.org" else 1)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_healthy_server_passes_every_rung_over_tls_and_dtls(
    lab: World, authority: Authority, transport: str, host: str
) -> None:
    trust = ("--ca-file", str(authority.root))
    outcome = asked(lab, f"turns:{host}?transport={transport}", *static_user(), *trust)
    assert_every_rung_passed(
        outcome,
        2 if host == "turn.example.org" else 1,
        "tls.certificate",
        *(("tls.protocol",) if transport == "tcp" else ()),
    )


@pytest.mark.parametrize("host", HOSTS[:2])
def test_a_credential_minted_from_the_secret_passes_every_rung(lab: World, host: str) -> None:
    outcome = asked(lab, f"turn:{host}:3479", "--secret", SECRET)
    assert SECRET not in outcome.stdout
    assert_every_rung_passed(outcome, 2)


def test_all_transports_of_both_servers_are_checked_at_once(lab: World, authority: Authority) -> None:
    trust = ("--ca-file", str(authority.root))
    targets = ("turn:203.0.113.10", "turns:turn.example.org")
    done = lab.natprobe("check", *targets, *static_user(), *trust, "--json")
    report = decode(done.stdout.encode())
    assert done.exit_code == 0
    assert {str(check.status) for check in report.checks} == {"pass"}
    cells = {(check.asked, check.transport, check.address) for check in report.checks if check.address}
    assert len(cells) == 2 + 4
