"""What is made only where the user asks for it: a rate, a round trip that is good enough, samples of a relay range."""

from tests.lab.coturn import PASSWORD, USER
from tests.lab.layout import RELAY_PORTS, TURN_PORTS, Client, HomeNat, Layout, Server
from tests.lab.link import Shape
from tests.lab.world import World
from tests.ladder.case import OPTIONS, Case
from tests.ladder.servers import AT_HOME, CLOSED_RANGE, UDP

RTT_FILE = '[[target]]\nuri = "{}"\nuser = "{}"\npassword = {{ file = "password" }}\nmax_rtt_ms = {}\n'
SAMPLES_FILE = """\
[[target]]
uri = "{}"
user = "{}"
password = {{ file = "password" }}
relay_samples = 6
skip = ["turn.relay-in"]
"""


def expects_60_ms(world: World) -> None:
    """A deployment file says how long a round trip may take."""
    (world.directory / "password").write_text(PASSWORD)
    (world.directory / "deployment.toml").write_text(RTT_FILE.format(UDP, USER, 60))


def samples_alone(world: World) -> None:
    """A deployment file asks for relayed ports, and leaves out the one of the first allocation: any may be closed."""
    (world.directory / "password").write_text(PASSWORD)
    (world.directory / "deployment.toml").write_text(SAMPLES_FILE.format(UDP, USER))


RATE = (
    Case(
        name="rate-carried",
        target=UDP,
        arguments=("--rate", "500"),
        exit_code=0,
        statuses={"turn.channel": "pass", "turn.quality": "pass", "turn.release": "pass"},
    ),
    Case(
        name="rate-carried-over-tls",
        certificate="good",
        target="turns:turn.example.org?transport=tcp",
        arguments=("-4", "--ca-file", "{root}", "--rate", "500"),
        exit_code=0,
        statuses={"turn.quality": "pass", "turn.release": "pass"},
    ),
    Case(
        name="rate-between-two-relays",
        # The NAT keeps the relay's packets from this host's own socket, since it maps each destination differently.
        layout=Layout(clients=(Client(nat=HomeNat(ports="random")),)),
        target=UDP,
        arguments=("--rate", "500"),
        exit_code=0,
        statuses={"turn.relay-loop": "pass", "turn.quality": "pass"},
    ),
    Case(
        name="further-away-than-expected",
        layout=Layout(clients=(Client(shape=Shape(delay_ms=40.0)),)),
        before=(expects_60_ms,),
        target="",
        login=tuple,
        arguments=("-d", "{world}/deployment.toml"),
        errors=frozenset({"stun-rtt-above-expected"}),
        statuses={"turn.relay-loop": "pass", "stun.rtt": "fail", "turn.release": "pass"},
        culprit="The round trip to",
    ),
    Case(
        name="max-bps-below-the-rate",
        coturn=(*OPTIONS, "max-bps=10000"),
        target=UDP,
        arguments=("--rate", "500"),
        errors=frozenset({"bw-relay-insufficient"}),
        statuses={"turn.relay-loop": "pass", "turn.quality": "fail", "turn.release": "pass"},
        culprit="The relay carries",
    ),
    Case(
        name="loss-on-the-way-at-a-rate",
        layout=Layout(clients=(Client(shape=Shape(loss=0.03)),)),
        target=UDP,
        arguments=("--rate", "2000"),
        exit_code=0,
        warnings=frozenset({"bw-loss-at-rate"}),
        statuses={"turn.relay-loop": "pass", "turn.quality": "warn"},
    ),
)

RANGE = (
    Case(
        name="relay-range-open",
        coturn=(*OPTIONS, "min-port=50000", "max-port=50015"),
        target=UDP,
        arguments=("--relay-samples", "8"),
        exit_code=0,
        statuses={"turn.relay-in": "pass", "turn.relay-range": "pass", "turn.release": "pass"},
    ),
    Case(
        name="relay-range-open-over-tls-from-home",
        layout=AT_HOME,
        certificate="good",
        target="turns:turn.example.org?transport=tcp",
        arguments=("-4", "--ca-file", "{root}", "--relay-samples", "5"),
        exit_code=0,
        statuses={"turn.relay-range": "pass", "turn.release": "pass"},
    ),
    Case(
        name="relay-range-half-open",
        # Two of the eight ports are the first allocations'. Of the other six, two at least are open and two closed.
        layout=Layout(server=Server(open_udp=(*TURN_PORTS, (50000, 50003)))),
        coturn=(*OPTIONS, "min-port=50000", "max-port=50007"),
        before=(samples_alone,),
        target="",
        login=tuple,
        arguments=("-d", "{world}/deployment.toml"),
        errors=frozenset({"relay-port-range-partly-blocked"}),
        statuses={"turn.relay-out": "pass", "turn.relay-range": "fail", "turn.release": "pass"},
        culprit="Some relay ports of",
    ),
    Case(
        name="relay-range-closed-as-a-whole",
        layout=Layout(clients=AT_HOME.clients, server=CLOSED_RANGE),
        target=UDP,
        arguments=("--relay-samples", "4"),
        errors=frozenset({"relay-port-range-blocked"}),
        statuses={"turn.relay-in": "fail", "turn.relay-range": "fail", "turn.release": "pass"},
    ),
    Case(
        name="relay-range-published-is-another",
        layout=Layout(server=Server(open_udp=(*TURN_PORTS, (49190, 49200)))),
        coturn=(*OPTIONS, "min-port=49201", "max-port=65535"),
        target=UDP,
        arguments=("--relay-ports", "49190-49200", "--relay-samples", "4"),
        errors=frozenset({"docker-relay-range-mismatch"}),
        statuses={"turn.relay-in": "fail", "turn.relay-range": "fail", "turn.release": "pass"},
    ),
    Case(
        name="relay-range-closed-both-ways",
        layout=Layout(server=Server(closed_both_ways=(RELAY_PORTS,))),
        target=UDP,
        arguments=("--relay-samples", "16"),
        exit_code=4,
        infos=frozenset({"relay-unreachable-from-here"}),
        statuses={"turn.relay-in": "inconclusive", "turn.relay-range": "inconclusive", "turn.release": "pass"},
    ),
    Case(
        name="relay-range-beyond-the-quota",
        coturn=(*OPTIONS, "user-quota=4"),
        target=UDP,
        arguments=("--relay-samples", "8"),
        exit_code=4,
        statuses={"turn.relay-loop": "pass", "turn.relay-range": "inconclusive", "turn.release": "pass"},
        culprit="486 (Allocation Quota Reached)",
    ),
)
