"""What is wrong with coturn, or with the cloud around it: one case each."""

import sys

from tests.lab.coturn import LONG_TERM, PASSWORD, USER, Coturn
from tests.lab.layout import (
    INTERNET_IPV4,
    RELAY_PORTS,
    SERVER_IPV4,
    SERVER_PRIVATE_IPV4,
    TURN_PORTS,
    Client,
    HomeNat,
    Layout,
    Server,
)
from tests.lab.world import World
from tests.ladder.case import OPTIONS, Case

PRIVATE = (f"listening-ip={SERVER_PRIVATE_IPV4}", f"relay-ip={SERVER_PRIVATE_IPV4}")
WRONG_IP = "203.0.113.77"
UDP = f"turn:{SERVER_IPV4}?transport=udp"
ONE_PORT = ("min-port=50000", "max-port=50000")
AT_HOME = Layout(clients=(Client(nat=HomeNat()),))
CLOSED_RANGE = Server(open_udp=TURN_PORTS)


def taken(world: World) -> None:
    """Another client of the same user holds an allocation, and keeps it."""
    call = (sys.executable, "-m", "tests.ladder.caller", SERVER_IPV4, USER, PASSWORD)
    world.keep(world.client.start(*call)).wait_for("holding")


def elsewhere(world: World) -> Coturn:
    """A second coturn, on the internet: the alternate server."""
    host = INTERNET_IPV4[0]
    return Coturn(world, f"listening-ip={host}", f"relay-ip={host}", *LONG_TERM, where=world.internet)


ALLOCATION = (
    Case(
        name="stun-only",
        coturn=("{cloud}", "stun-only"),
        errors=frozenset({"stun-only-server"}),
        statuses={"turn.reach": "pass", "turn.challenge": "fail", "turn.allocate": "skip"},
        culprit="TURN",
    ),
    Case(
        name="no-auth",
        coturn=("{cloud}", "no-auth"),
        exit_code=0,
        warnings=frozenset({"turn-auth-unchallenged"}),
        statuses={"turn.challenge": "warn", "turn.allocate": "pass", "turn.relay-loop": "pass", "turn.release": "pass"},
    ),
    Case(
        name="no-auth-without-credentials",
        coturn=("{cloud}", "no-auth"),
        login=tuple,
        exit_code=0,
        warnings=frozenset({"turn-auth-unchallenged"}),
        statuses={"turn.allocate": "pass", "turn.relay-in": "pass", "turn.relay-out": "pass", "turn.release": "pass"},
    ),
    Case(
        name="no-credentials-given",
        login=tuple,
        exit_code=4,
        statuses={"turn.challenge": "pass", "turn.allocate": "inconclusive", "turn.permission": "skip"},
        culprit="no credentials were given",
    ),
    Case(
        name="no-udp-relay",
        coturn=(*OPTIONS, "no-udp-relay"),
        errors=frozenset({"turn-transport-unsupported"}),
        statuses={"turn.challenge": "pass", "turn.allocate": "fail", "turn.relay-in": "skip"},
    ),
    Case(
        name="quota-of-one",
        coturn=(*OPTIONS, "user-quota=1"),
        target=UDP,
        errors=frozenset({"turn-quota-reached"}),
        statuses={"turn.allocate": "pass", "turn.relay-in": "pass", "turn.relay-loop": "fail", "turn.channel": "pass"},
        culprit="no allocation left",
    ),
    Case(
        name="quota-taken",
        coturn=(*OPTIONS, "user-quota=1"),
        prepare=(taken,),
        others=1,
        target=UDP,
        errors=frozenset({"turn-quota-reached"}),
        statuses={"turn.challenge": "pass", "turn.allocate": "fail", "turn.relay-in": "skip"},
        culprit="no allocation left",
    ),
    Case(
        name="one-port",
        coturn=(*OPTIONS, *ONE_PORT),
        target=UDP,
        errors=frozenset({"turn-ports-exhausted"}),
        statuses={"turn.allocate": "pass", "turn.relay-out": "pass", "turn.relay-loop": "fail", "turn.channel": "pass"},
    ),
    Case(
        name="ports-taken",
        coturn=(*OPTIONS, *ONE_PORT),
        prepare=(taken,),
        others=1,
        target=UDP,
        errors=frozenset({"turn-ports-exhausted"}),
        statuses={"turn.challenge": "pass", "turn.allocate": "fail", "turn.relay-in": "skip"},
    ),
    Case(
        name="short-lifetime",
        coturn=(*OPTIONS, "max-allocate-lifetime=60"),
        exit_code=0,
        warnings=frozenset({"turn-lifetime-short"}),
        statuses={"turn.allocate": "warn", "turn.refresh": "pass"},
    ),
    Case(
        name="ipv4-relays-only",
        coturn=(
            *("listening-ip=2001:db8:203::10", f"listening-ip={SERVER_PRIVATE_IPV4}"),
            *(f"relay-ip={SERVER_PRIVATE_IPV4}", f"external-ip={SERVER_IPV4}/{SERVER_PRIVATE_IPV4}", *LONG_TERM),
        ),
        target="turn:[2001:db8:203::10]?transport=udp",
        exit_code=4,
        infos=frozenset({"turn-family-unsupported"}),
        statuses={"turn.allocate": "warn", "turn.permission": "inconclusive", "turn.relay-loop": "pass"},
    ),
    Case(
        name="secure-stun",
        coturn=(*OPTIONS, "secure-stun"),
        exit_code=0,
        warnings=frozenset({"stun-binding-401"}),
        statuses={"turn.allocate": "pass", "turn.relay-out": "pass"},
    ),
    Case(
        name="stale-nonce",
        layout=Layout(server=CLOSED_RANGE),
        coturn=(*OPTIONS, "stale-nonce=1"),
        errors=frozenset({"relay-port-range-blocked"}),
        statuses={"turn.refresh": "pass", "turn.release": "pass"},
    ),
    Case(
        name="alternate-server",
        coturn=(*OPTIONS, f"alternate-server={INTERNET_IPV4[0]}:3478"),
        prepare=(elsewhere,),
        exit_code=0,
        infos=frozenset({"turn-try-alternate"}),
        statuses={"turn.challenge": "pass", "turn.allocate": "pass", "turn.relay-loop": "pass", "turn.release": "pass"},
    ),
    Case(
        name="alternate-server-is-itself",
        coturn=(*OPTIONS, f"alternate-server={SERVER_IPV4}:3478"),
        errors=frozenset({"turn-alternate-unreachable"}),
        statuses={"turn.challenge": "fail", "turn.allocate": "skip"},
    ),
    Case(
        name="alternate-server-is-private",
        coturn=(*OPTIONS, "alternate-server=172.31.0.99:3478"),
        errors=frozenset({"turn-alternate-unreachable"}),
        statuses={"turn.challenge": "fail", "turn.allocate": "skip"},
        culprit="172.31.0.99",
    ),
)

RELAY = (
    Case(
        name="private-relayed-address",
        coturn=(*PRIVATE, *LONG_TERM),
        errors=frozenset({"turn-relay-private-address"}),
        statuses={
            "turn.allocate": "fail",
            "turn.relay-in": "fail",
            "turn.relay-out": "fail",
            "turn.relay-loop": "pass",
            "turn.channel": "pass",
            "turn.release": "pass",
        },
        culprit="172.31.0.11",
    ),
    Case(
        name="wrong-external-ip",
        coturn=(*PRIVATE, f"external-ip={WRONG_IP}", *LONG_TERM),
        errors=frozenset({"turn-external-ip-wrong"}),
        statuses={
            "turn.allocate": "pass",
            "turn.relay-in": "fail",
            "turn.relay-out": "fail",
            "turn.relay-loop": "pass",
            "turn.channel": "pass",
        },
        culprit=WRONG_IP,
    ),
    Case(
        name="relay-range-closed",
        layout=Layout(server=CLOSED_RANGE),
        errors=frozenset({"relay-port-range-blocked"}),
        statuses={
            "turn.allocate": "pass",
            "turn.permission": "pass",
            "turn.relay-in": "fail",
            "turn.relay-out": "pass",
            "turn.relay-loop": "pass",
            "turn.channel": "pass",
            "turn.refresh": "pass",
        },
        culprit="closed to the outside",
    ),
    Case(
        name="relay-range-closed-over-tls",
        layout=Layout(server=CLOSED_RANGE),
        certificate="good",
        target="turns:turn.example.org?transport=tcp",
        arguments=("-4", "--ca-file", "{root}"),
        errors=frozenset({"relay-port-range-blocked"}),
        statuses={"tls.certificate": "pass", "turn.relay-in": "fail", "turn.relay-out": "pass"},
    ),
    Case(
        name="relay-range-closed-over-ipv6",
        layout=Layout(server=CLOSED_RANGE),
        target="turn:[2001:db8:203::10]",
        errors=frozenset({"relay-port-range-blocked"}),
        statuses={"turn.relay-in": "fail", "turn.relay-out": "pass", "turn.relay-loop": "pass"},
    ),
    Case(
        name="published-range-is-another",
        layout=Layout(server=Server(open_udp=(*TURN_PORTS, (49190, 49200)))),
        coturn=(*OPTIONS, "min-port=52000", "max-port=53000"),
        arguments=("--relay-ports", "49190-49200"),
        errors=frozenset({"docker-relay-range-mismatch"}),
        statuses={"turn.allocate": "fail", "turn.relay-in": "fail", "turn.relay-out": "pass"},
        culprit="is not published by the container",
    ),
    Case(
        name="declared-range-fits",
        arguments=("--relay-ports", "49152-65535"),
        exit_code=0,
        statuses={"turn.allocate": "pass", "turn.relay-in": "pass"},
    ),
    Case(
        name="range-closed-both-ways",
        layout=Layout(server=Server(closed_both_ways=(RELAY_PORTS,))),
        exit_code=4,
        infos=frozenset({"relay-unreachable-from-here"}),
        statuses={"turn.relay-in": "inconclusive", "turn.relay-out": "inconclusive", "turn.relay-loop": "pass"},
    ),
    Case(
        name="any-address-and-simple-external-ip",
        coturn=("listening-ip=0.0.0.0", f"external-ip={SERVER_IPV4}", *LONG_TERM),
        errors=frozenset({"turn-r2r-forbidden"}),
        statuses={
            "turn.relay-in": "pass",
            "turn.relay-out": "pass",
            "turn.relay-loop": "fail",
            "turn.channel": "pass",
        },
    ),
    Case(
        name="docker0-and-simple-external-ip",
        layout=Layout(server=Server(docker0=True)),
        coturn=(f"external-ip={SERVER_IPV4}", *LONG_TERM),
        errors=frozenset({"turn-r2r-mapped-to-wrong-local-ip"}),
        statuses={
            "turn.relay-in": "pass",
            "turn.relay-out": "pass",
            "turn.relay-loop": "fail",
            "turn.channel": "pass",
        },
    ),
    Case(
        name="docker0-picked",
        layout=Layout(server=Server(docker0=True)),
        coturn=(
            *(f"listening-ip={SERVER_PRIVATE_IPV4}", "relay-ip=172.17.0.1"),
            *(f"external-ip={SERVER_IPV4}/{SERVER_PRIVATE_IPV4}", *LONG_TERM),
        ),
        errors=frozenset({"turn-relay-picks-docker0"}),
        infos=frozenset({"relay-unreachable-from-here"}),
        statuses={"turn.allocate": "fail", "turn.relay-in": "inconclusive"},
        culprit="172.17.0.1",
    ),
    Case(
        name="denied-own-address",
        coturn=(
            *PRIVATE,
            *(f"external-ip={SERVER_IPV4}", "denied-peer-ip=172.16.0.0-172.31.255.255", *LONG_TERM),
        ),
        errors=frozenset({"turn-r2r-forbidden"}),
        statuses={"turn.permission": "pass", "turn.relay-in": "pass", "turn.relay-loop": "fail"},
    ),
    Case(
        name="denied-client",
        coturn=(*OPTIONS, "denied-peer-ip=198.51.100.0-198.51.100.255"),
        errors=frozenset({"turn-peer-denied-403"}),
        statuses={
            "turn.permission": "fail",
            "turn.relay-in": "skip",
            "turn.relay-out": "skip",
            "turn.relay-loop": "pass",
            "turn.channel": "fail",
        },
        culprit="198.51.100.20",
    ),
    Case(
        name="random-egress-ports",
        layout=Layout(server=Server(egress_ports="random")),
        exit_code=0,
        warnings=frozenset({"turn-egress-port-rewritten"}),
        statuses={"turn.relay-in": "pass", "turn.relay-out": "warn", "turn.relay-loop": "pass"},
    ),
)

SEEN_FROM_HOME = (
    Case(
        name="home-healthy", layout=AT_HOME, exit_code=0, statuses={"turn.relay-in": "pass", "turn.relay-out": "pass"}
    ),
    Case(
        name="home-relay-range-closed",
        layout=Layout(clients=AT_HOME.clients, server=CLOSED_RANGE),
        errors=frozenset({"relay-port-range-blocked"}),
        statuses={"turn.relay-in": "fail", "turn.relay-out": "pass", "turn.relay-loop": "pass"},
    ),
    Case(
        name="home-private-relayed-address",
        layout=AT_HOME,
        coturn=(*PRIVATE, *LONG_TERM),
        errors=frozenset({"turn-relay-private-address"}),
        statuses={"turn.allocate": "fail", "turn.relay-in": "fail", "turn.relay-out": "fail"},
    ),
    Case(
        name="home-wrong-external-ip",
        layout=AT_HOME,
        coturn=(*PRIVATE, f"external-ip={WRONG_IP}", *LONG_TERM),
        errors=frozenset({"turn-external-ip-wrong"}),
        statuses={"turn.relay-in": "fail", "turn.relay-out": "fail", "turn.relay-loop": "pass"},
    ),
    Case(
        name="home-random-egress-ports",
        # The NAT before us drops what comes from another port; ICE's answer, and ours, is to write first.
        layout=Layout(clients=AT_HOME.clients, server=Server(egress_ports="random")),
        exit_code=0,
        statuses={"turn.relay-in": "pass", "turn.relay-out": "pass", "turn.relay-loop": "pass"},
    ),
    Case(
        name="home-quota-of-one",
        layout=AT_HOME,
        coturn=(*OPTIONS, "user-quota=1"),
        target=UDP,
        errors=frozenset({"turn-quota-reached"}),
        statuses={"turn.relay-in": "pass", "turn.relay-loop": "fail", "turn.channel": "pass"},
    ),
    Case(
        name="home-denied-client",
        layout=AT_HOME,
        coturn=(*OPTIONS, "denied-peer-ip=198.51.100.0-198.51.100.255"),
        errors=frozenset({"turn-peer-denied-403"}),
        statuses={"turn.permission": "fail", "turn.relay-in": "skip", "turn.relay-loop": "pass"},
        culprit="198.51.100.20",
    ),
    Case(
        name="home-over-tls",
        layout=AT_HOME,
        certificate="good",
        target="turns:turn.example.org?transport=tcp",
        arguments=("--ca-file", "{root}"),
        exit_code=0,
        statuses={"turn.relay-in": "pass", "turn.relay-out": "pass", "turn.relay-loop": "pass"},
    ),
)
