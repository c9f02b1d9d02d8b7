"""What is wrong on the way to the server, with its certificate or with its name."""

from tests.lab.layout import (
    ALL_PORTS,
    RELAY_PORTS,
    SERVER_IPV4,
    SERVER_PRIVATE_IPV4,
    SILENT_IPV4,
    TURN_PORTS,
    UNREACHABLE_IPV4,
    Client,
    Closed,
    HomeNat,
    Layout,
    Server,
)
from tests.lab.nameserver import Nameserver
from tests.lab.nginx import Nginx
from tests.lab.world import World
from tests.ladder.case import OPTIONS, Case, static_user

UDP, TCP = f"turn:{SERVER_IPV4}?transport=udp", f"turn:{SERVER_IPV4}?transport=tcp"
TLS = "turns:turn.example.org?transport=tcp"
DTLS = "turns:turn.example.org?transport=udp"
TRUST = ("-4", "--ca-file", "{root}")
SKIPPED = {"turn.challenge": "skip", "turn.allocate": "skip", "turn.release": "skip"}


def closed(**ports: object) -> Layout:
    """A client behind a firewall of its own network."""
    return Layout(clients=(Client(closed=Closed(**ports)),))  # type: ignore[arg-type]


def names(zone: str, *silent: str) -> "tuple[object, ...]":
    """A name server with this zone."""

    def prepare(world: World) -> None:
        Nameserver(world, zone, silent=silent)

    return (prepare,)


def web_server(world: World) -> None:
    """A web server where TURN is asked for: nginx, which answers 400 to the first byte that is no HTTP."""
    Nginx(world, f"server {{ listen {SERVER_PRIVATE_IPV4}:3478; }}")


DEADLINES = (
    Case(
        name="deadline-before-a-silent-host-is-decided",
        coturn=None,
        target=f"turn:{SILENT_IPV4}",
        arguments=("--timeout", "2.5"),
        exit_code=4,
        statuses={"turn.reach": "inconclusive", "turn.challenge": "inconclusive", "turn.release": "inconclusive"},
        culprit="not decided",
    ),
    Case(
        name="deadline-while-a-closed-range-is-waited-for",
        layout=Layout(server=Server(open_udp=TURN_PORTS)),
        arguments=("--timeout", "2.5"),
        exit_code=4,
        statuses={"turn.allocate": "pass", "turn.relay-loop": "pass", "turn.relay-in": "inconclusive"},
    ),
    Case(
        name="deadline-after-a-failure",
        login=lambda: ("-u", "nobody", "-p", "not-this-one"),
        arguments=("--timeout", "2.5"),
        errors=frozenset({"turn-auth-401-bad-credentials"}),
        statuses={"turn.challenge": "pass", "turn.allocate": "fail"},
    ),
)

REACH = (
    Case(
        name="silent-host",
        coturn=None,
        target=f"turn:{SILENT_IPV4}",
        errors=frozenset({"all-ports-blocked-host-down"}),
        statuses={"turn.reach": "fail", **SKIPPED},
        culprit=SILENT_IPV4,
    ),
    Case(
        name="silent-private-address",
        coturn=None,
        target="turn:192.168.101.99?transport=udp",
        errors=frozenset({"private-address-silent"}),
        statuses={"turn.reach": "fail", **SKIPPED},
        culprit="192.168.101.99 is a private address, and nothing there answers from here",
    ),
    Case(
        name="silent-host-over-tls",
        coturn=None,
        target=f"turns:{SILENT_IPV4}",
        errors=frozenset({"all-ports-blocked-host-down"}),
        statuses={"turn.reach": "fail", "tls.certificate": "skip", **SKIPPED},
    ),
    *(
        Case(
            name=f"{scheme}-port-shut-on-a-host-that-is-up",
            layout=Layout(server=Server(open_udp=(), open_tcp=((80, 80),))),
            target=f"{scheme}:{SERVER_IPV4}",
            login=login,
            errors=frozenset({"udp-port-blocked", "tcp-port-blocked"}),
            statuses={"turn.reach": "fail", **SKIPPED} if scheme == "turn" else {"stun.binding": "fail"},
            culprit="does not answer, though the host is up",
        )
        for scheme, login in (("turn", static_user), ("stun", tuple))
    ),
    Case(
        name="closed-port",
        layout=Layout(server=Server(unsolicited="reject")),
        coturn=None,
        errors=frozenset({"udp-port-refused", "tcp-port-refused"}),
        statuses={"turn.reach": "fail", **SKIPPED},
    ),
    Case(
        name="rejecting-firewall",
        layout=Layout(server=Server(unsolicited="reject", open_udp=(), open_tcp=())),
        errors=frozenset({"udp-port-unreachable", "tcp-port-refused"}),
        statuses={"turn.reach": "fail", **SKIPPED},
    ),
    Case(
        name="unreachable-host-over-udp",
        coturn=None,
        target=f"turn:{UNREACHABLE_IPV4}?transport=udp",
        errors=frozenset({"udp-port-unreachable"}),
        statuses={"turn.reach": "fail", **SKIPPED},
    ),
    Case(
        name="unreachable-host-over-tcp",
        coturn=None,
        target=f"turn:{UNREACHABLE_IPV4}?transport=tcp",
        errors=frozenset({"host-unreachable"}),
        statuses={"turn.reach": "fail", **SKIPPED},
    ),
    Case(
        name="tcp-closed-unnamed",
        layout=Layout(server=Server(open_tcp=())),
        exit_code=0,
        warnings=frozenset({"turn-no-tcp-fallback"}),
        statuses={"tcp turn.reach": "warn", "udp turn.relay-loop": "pass", "tcp turn.allocate": "skip"},
    ),
    Case(
        name="tcp-closed-named",
        layout=Layout(server=Server(open_tcp=())),
        target=TCP,
        errors=frozenset({"tcp-port-blocked"}),
        statuses={"turn.reach": "fail", **SKIPPED},
    ),
    Case(
        name="no-tcp-listener",
        coturn=(*OPTIONS, "no-tcp"),
        exit_code=0,
        warnings=frozenset({"turn-no-tcp-fallback"}),
        statuses={"tcp turn.reach": "warn", "udp turn.relay-loop": "pass"},
    ),
    Case(
        name="no-tcp-listener-named",
        coturn=(*OPTIONS, "no-tcp"),
        target=TCP,
        errors=frozenset({"tcp-port-refused"}),
        statuses={"turn.reach": "fail", **SKIPPED},
    ),
    Case(
        name="udp-closed-unnamed",
        layout=Layout(server=Server(open_udp=(RELAY_PORTS,))),
        exit_code=0,
        warnings=frozenset({"transport-not-offered"}),
        statuses={"udp turn.reach": "warn", "tcp turn.relay-loop": "pass", "tcp turn.relay-in": "pass"},
    ),
    Case(
        name="udp-closed-named",
        layout=Layout(server=Server(open_udp=(RELAY_PORTS,))),
        target=UDP,
        errors=frozenset({"udp-port-blocked"}),
        statuses={"turn.reach": "fail", **SKIPPED},
    ),
    Case(
        name="no-udp-listener-named",
        coturn=(*OPTIONS, "no-udp"),
        target=UDP,
        errors=frozenset({"udp-port-refused"}),
        statuses={"turn.reach": "fail", **SKIPPED},
    ),
    Case(
        name="web-server-on-the-port",
        coturn=None,
        prepare=(web_server,),
        target=TCP,
        errors=frozenset({"uri-wrong-service-port"}),
        statuses={"turn.reach": "fail", **SKIPPED},
    ),
)

CLIENT = (
    Case(
        name="client-udp-dropped",
        layout=closed(udp=(ALL_PORTS,)),
        exit_code=4,
        warnings=frozenset({"transport-not-offered"}),
        infos=frozenset({"relay-unreachable-from-here"}),
        statuses={
            "udp turn.reach": "warn",
            "tcp turn.allocate": "pass",
            "tcp turn.relay-loop": "pass",
            "tcp turn.relay-in": "inconclusive",
            "tcp turn.channel": "pass",
        },
    ),
    Case(
        name="client-udp-rejected",
        layout=closed(udp=(ALL_PORTS,), verdict="reject"),
        exit_code=4,
        warnings=frozenset({"transport-not-offered"}),
        infos=frozenset({"relay-unreachable-from-here"}),
        statuses={"udp turn.reach": "warn", "tcp turn.relay-loop": "pass", "tcp turn.relay-in": "inconclusive"},
    ),
    Case(
        name="client-udp-forbidden-by-itself",
        layout=closed(udp=(ALL_PORTS,), where="host"),
        exit_code=4,
        infos=frozenset({"relay-unreachable-from-here"}),
        statuses={"udp turn.reach": "inconclusive", "tcp turn.relay-loop": "pass", "tcp turn.relay-in": "inconclusive"},
    ),
    Case(
        name="client-high-ports-closed",
        layout=closed(udp=(RELAY_PORTS,)),
        exit_code=4,
        infos=frozenset({"relay-unreachable-from-here"}),
        statuses={"turn.relay-in": "inconclusive", "turn.relay-out": "pass", "turn.relay-loop": "pass"},
    ),
    Case(
        name="client-high-ports-rejected",
        layout=closed(udp=(RELAY_PORTS,), verdict="reject"),
        exit_code=4,
        infos=frozenset({"relay-unreachable-from-here"}),
        statuses={"turn.relay-in": "inconclusive", "turn.relay-out": "pass", "turn.relay-loop": "pass"},
    ),
    Case(
        name="client-keeps-strangers-out",
        layout=Layout(clients=(Client(unsolicited="drop"),)),
        exit_code=0,
        statuses={"turn.relay-in": "pass", "turn.relay-out": "pass"},
    ),
    Case(
        name="client-behind-random-nat",
        layout=Layout(clients=(Client(nat=HomeNat(ports="random")),)),
        exit_code=0,
        statuses={"turn.relay-in": "pass", "turn.relay-out": "pass", "turn.relay-loop": "pass"},
    ),
)

CERTIFICATES = (
    *(
        Case(
            name=f"certificate-{kind}",
            certificate=kind,  # type: ignore[arg-type]
            target=TLS,
            arguments=TRUST,
            errors=frozenset({finding}),
            statuses={
                "turn.reach": "pass",
                "tls.certificate": "fail",
                "turn.challenge": "pass",
                "turn.allocate": "skip",
            },
        )
        for kind, finding in (
            ("expired", "tls-expired"),
            ("not-yet-valid", "tls-not-yet-valid"),
            ("self-signed", "tls-self-signed"),
            ("wrong-name", "tls-hostname-mismatch"),
            ("leaf-only", "tls-chain-incomplete"),
        )
    ),
    *(
        Case(
            name=f"certificate-{kind}-insecure",
            certificate=kind,  # type: ignore[arg-type]
            target=TLS,
            arguments=(*TRUST, "--insecure"),
            errors=frozenset({finding}),
            warnings=frozenset({"tls-unverified"}),
            statuses={"tls.certificate": "fail", "turn.allocate": "pass", "turn.relay-loop": "pass"},
        )
        for kind, finding in (("expired", "tls-expired"), ("self-signed", "tls-self-signed"))
    ),
    Case(
        name="certificate-expired-over-dtls",
        certificate="expired",
        target=DTLS,
        arguments=TRUST,
        errors=frozenset({"tls-expired"}),
        statuses={"turn.reach": "pass", "tls.certificate": "fail", "turn.allocate": "skip"},
    ),
    Case(
        name="certificate-of-an-unknown-authority",
        certificate="good",
        target=TLS,
        arguments=("-4",),
        errors=frozenset({"tls-chain-untrusted"}),
        statuses={"tls.certificate": "fail", "turn.allocate": "skip"},
    ),
    Case(
        name="certificate-names-no-address",
        certificate="good",
        target=f"turns:{SERVER_IPV4}?transport=tcp",
        arguments=TRUST,
        errors=frozenset({"uri-ip-literal-with-turns"}),
        statuses={"tls.certificate": "fail", "turn.allocate": "skip"},
    ),
    Case(
        name="turns-without-certificate",
        target=TLS,
        arguments=("-4",),
        errors=frozenset({"tls-no-listener"}),
        statuses={"turn.reach": "fail", "tls.certificate": "skip", **SKIPPED},
    ),
    Case(
        name="turns-on-the-plain-port",
        target="turns:turn.example.org:3478?transport=tcp",
        arguments=("-4",),
        errors=frozenset({"plain-vs-tls-swapped"}),
        statuses={"turn.reach": "fail", "tls.certificate": "skip", **SKIPPED},
    ),
    Case(
        name="dtls-not-offered",
        coturn=(*OPTIONS, "no-dtls"),
        certificate="good",
        target="turns:turn.example.org",
        arguments=TRUST,
        exit_code=0,
        infos=frozenset({"dtls-off"}),
        statuses={"tls turn.relay-loop": "pass", "dtls turn.reach": "skip"},
    ),
)

NAMES = (
    Case(
        name="name-does-not-exist",
        coturn=None,
        prepare=names(""),  # type: ignore[arg-type]
        target="turn:nobody.example.org",
        errors=frozenset({"dns-nxdomain"}),
        statuses={"dns.resolve": "fail"},
        culprit="nobody.example.org",
    ),
    Case(
        name="name-without-address",
        coturn=None,
        prepare=names("bare TXT nothing\n"),  # type: ignore[arg-type]
        target="turn:bare.example.org",
        errors=frozenset({"dns-no-address"}),
        statuses={"dns.resolve": "fail"},
        culprit="bare.example.org",
    ),
    Case(
        name="name-server-silent",
        coturn=None,
        prepare=names("", "quiet"),  # type: ignore[arg-type]
        target="turn:quiet.example.org",
        errors=frozenset({"dns-timeout"}),
        statuses={"dns.resolve": "fail"},
        culprit="quiet.example.org",
    ),
    Case(
        name="name-leads-to-a-private-address",
        coturn=None,
        prepare=names("inside A 192.168.7.7\n"),  # type: ignore[arg-type]
        target="turn:inside.example.org:3478?transport=udp",
        errors=frozenset({"dns-private-address"}),
        statuses={"dns.resolve": "fail", "turn.reach": "fail"},
        culprit="inside.example.org leads to a private address",
    ),
    Case(
        name="name-that-a-filter-blocks",
        coturn=None,
        prepare=names("blocked A 0.0.0.0\nblocked AAAA ::\n"),  # type: ignore[arg-type]
        target="turn:blocked.example.org",
        errors=frozenset({"dns-sinkhole"}),
        statuses={"dns.resolve": "fail"},
        culprit="blocked.example.org is answered with",
    ),
    Case(
        name="dead-aaaa-beside-a-live-a",
        prepare=names(f"half A {SERVER_IPV4}\nhalf AAAA 2001:db8:203::66\n"),  # type: ignore[arg-type]
        target="turn:half.example.org:3478?transport=udp",
        exit_code=0,
        warnings=frozenset({"dns-aaaa-dead"}),
        statuses={f"{SERVER_IPV4} turn.relay-loop": "pass", "2001:db8:203::66 turn.reach": "warn"},
    ),
    Case(
        name="dead-a-beside-a-live-a",
        prepare=names(f"pair A {SERVER_IPV4}\npair A {SILENT_IPV4}\n"),  # type: ignore[arg-type]
        target="turn:pair.example.org:3478?transport=tcp",
        exit_code=0,
        warnings=frozenset({"address-dead"}),
        statuses={f"{SERVER_IPV4} turn.relay-loop": "pass", f"{SILENT_IPV4} turn.reach": "warn"},
    ),
    Case(
        name="services-found-by-srv",
        prepare=names(f"turn A {SERVER_IPV4}\nrelay A {SERVER_IPV4}\n_turn._udp SRV 0 0 3478 relay\n"),  # type: ignore[arg-type]
        target="turn:example.org?transport=udp",
        exit_code=0,
        statuses={"dns.resolve": "pass", "turn.relay-loop": "pass"},
    ),
)
