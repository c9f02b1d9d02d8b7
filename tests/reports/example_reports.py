"""The reports behind reports/examples: built from the model with documentation addresses, one a story."""

from natprobe.address import Address
from natprobe.model import (
    Candidate,
    CandidateError,
    Check,
    Finding,
    Nat,
    NatBehaviour,
    Report,
    Status,
    Vantage,
    Verdict,
)
from tests.reports.example_evidence import closed_to_strangers, ended, reached

SERVER = Address("203.0.113.10", 3478)
SECURE = Address("203.0.113.10", 5349)
TURN = "turn:turn.example.org:3478"
TURNS = "turns:turn.example.org:5349"
HERE = Vantage(hostname="probe.example.org", platform="Linux 6.1 CPython 3.11.9", addresses=("10.7.0.2",))

Rung = tuple[str, str, float, float]

_LADDER: tuple[Rung, ...] = (
    ("turn.reach", "203.0.113.10:3478 answers STUN in 20.9 ms", 21.4, 20.9),
    ("turn.challenge", 'the server asks for credentials, realm "example.org", by Coturn-4.6.1', 42.3, 21.1),
    ("turn.allocate", "relayed address 203.0.113.10:49172, lifetime 600 s", 63.4, 43.1),
    ("turn.permission", "peers at 203.0.113.20 are permitted", 106.5, 20.4),
    ("turn.channel", "channel 0x4000 to 203.0.113.20:40113 carries data both ways", 106.6, 21.0),
    ("turn.relay-in", "an unsolicited packet came in at 203.0.113.10:49172 within 31.2 ms", 127.0, 31.2),
    ("turn.relay-out", "the peer sees 203.0.113.10:49172, as it was told", 127.0, 30.4),
    ("turn.relay-loop", "203.0.113.10:49172 and 203.0.113.10:49174 reach each other, sources proved", 127.1, 42.9),
    ("turn.refresh", "refreshed for 600 s", 127.1, 20.6),
    ("turn.quality", "50 of 50 packets, median 21 ms, jitter 1.1 ms", 170.0, 220.5),
    ("turn.release", "2 allocations released", 390.5, 20.2),
)


def _passed(rung: Rung, transport: str, address: Address = SERVER) -> Check:
    name, summary, at_ms, took_ms = rung
    scheme, word = (TURNS, "tcp") if transport == "tls" else (TURN, transport)
    return Check(
        id=name,
        target=f"{scheme}?transport={word}",
        asked=scheme,
        address=address,
        transport=transport,
        status=Status.PASS,
        summary=summary,
        started_ms=at_ms,
        duration_ms=took_ms,
        evidence=reached(address, transport) if name == "turn.reach" else {},
    )


def _ladder(transport: str) -> tuple[Check, ...]:
    return tuple(_passed(rung, transport) for rung in _LADDER)


def _resolved(asked: str, summary: str = "turn.example.org is 203.0.113.10") -> Check:
    return Check(
        id="dns.resolve",
        target=asked,
        asked=asked,
        status=Status.PASS,
        summary=summary,
        started_ms=0.3,
        duration_ms=8.2,
    )


def _untested(name: str, need: str, transport: str, target: str = TURN, address: Address = SERVER) -> Check:
    return Check(
        id=name,
        target=f"{target}?transport={'tcp' if transport == 'tls' else transport}",
        asked=target,
        address=address,
        transport=transport,
        status=Status.SKIP,
        summary=f"not tested: it needs {need}",
        started_ms=127.0,
        duration_ms=0.0,
    )


def healthy() -> Report:
    """A TURN server that relays over UDP and TCP."""
    return Report(
        natprobe="0.1.0",
        command="check",
        started="2026-11-21T09:00:00.000Z",
        duration_ms=412.7,
        deadline_ms=20000.0,
        verdict=Verdict.PASS,
        vantage=HERE,
        checks=(_resolved(TURN), *_ladder("udp"), *_ladder("tcp")),
        findings=(
            Finding(
                id="turn-nonce-stale",
                severity="info",
                target=f"{TURN}?transport=udp",
                check="turn.refresh",
                address=SERVER,
                title="203.0.113.10:3478 asked for a fresh nonce",
                evidence="203.0.113.10:3478 answered 438 with a new NONCE, and accepted the request with that.",
                cause="Nonces live for a limited time (`stale-nonce`); this is the protocol's normal course.",
                fix="Nothing. A client that does not repeat the request with the new nonce has a fault.",
            ),
        ),
    )


def relay_range_closed() -> Report:
    """The server answers and relays outwards; what peers send to the relay's ports is dropped."""
    closed = Check(
        id="turn.relay-in",
        target=f"{TURN}?transport=udp",
        asked=TURN,
        address=SERVER,
        transport="udp",
        status=Status.FAIL,
        summary="nothing came in at 203.0.113.10:49172: 7 packets, 2.0 s; what the relay sends, and answers to it, "
        "do pass",
        started_ms=127.0,
        duration_ms=2000.4,
        evidence=closed_to_strangers(),
        findings=("relay-port-range-blocked",),
    )
    refused = Check(
        id="turn.reach",
        target=f"{TURN}?transport=tcp",
        asked=TURN,
        address=SERVER,
        transport="tcp",
        status=Status.WARN,
        summary="not offered: nothing listens on 203.0.113.10:3478 (connection refused)",
        started_ms=8.9,
        duration_ms=21.2,
        findings=("transport-not-offered",),
    )
    loop = _untested("turn.relay-loop", "turn.relay-in", "udp")
    rungs = tuple({"turn.relay-in": closed, "turn.relay-loop": loop}.get(check.id, check) for check in _ladder("udp"))
    return Report(
        natprobe="0.1.0",
        command="check",
        started="2026-11-21T09:00:00.000Z",
        duration_ms=2150.1,
        deadline_ms=20000.0,
        verdict=Verdict.FAIL,
        vantage=HERE,
        checks=(
            _resolved(TURN),
            *rungs,
            refused,
            _untested("turn.challenge", "turn.reach", "tcp"),
            _untested("turn.allocate", "turn.challenge", "tcp"),
            _untested("turn.permission", "turn.allocate", "tcp"),
        ),
        findings=(
            Finding(
                id="relay-port-range-blocked",
                severity="error",
                target=f"{TURN}?transport=udp",
                check="turn.relay-in",
                address=SERVER,
                title="The relay works from inside, but 203.0.113.10:49160-49200/udp is closed to the outside",
                evidence="Packets to 203.0.113.10:49172, from a permitted peer that the relay had not written to, did "
                "not arrive (packets sent: 7, waited 2.0 s); what the relay sends, and its answers, do pass.",
                cause="A stateful security group or firewall does not allow the relay ports. Traffic that the relay "
                "starts opens the way back, and so hides the fault.",
                fix="Allow inbound udp/49160-49200 from 0.0.0.0/0 in the security group and in the host's firewall, "
                "and publish them: `docker run -p 49160-49200:49160-49200/udp coturn/coturn --min-port=49160 "
                "--max-port=49200`.",
            ),
            Finding(
                id="transport-not-offered",
                severity="warning",
                target=f"{TURN}?transport=tcp",
                check="turn.reach",
                address=SERVER,
                title="203.0.113.10:3478 does not offer tcp",
                evidence="The URI does not name tcp; it was tried as well, and nothing listens on 203.0.113.10:3478 "
                "(connection refused).",
                cause="The listener is off, or its port is closed, while another transport works.",
                fix="Nothing, where this is meant. Otherwise open the port for tcp, and give the users a URI for it.",
            ),
        ),
    )


def certificate_expired() -> Report:
    """The TLS listener shows a certificate that ended three days ago; UDP works."""
    expired = Check(
        id="tls.certificate",
        target=f"{TURNS}?transport=tcp",
        asked=TURNS,
        address=SECURE,
        transport="tls",
        status=Status.FAIL,
        summary="TLSv1.3, but the certificate is expired (--insecure goes on)",
        started_ms=30.1,
        duration_ms=44.0,
        evidence=ended(SECURE),
        findings=("tls-expired",),
    )
    return Report(
        natprobe="0.1.0",
        command="check",
        started="2026-11-21T09:00:00.000Z",
        duration_ms=431.0,
        deadline_ms=20000.0,
        verdict=Verdict.FAIL,
        vantage=HERE,
        checks=(
            _resolved(TURN),
            *_ladder("udp"),
            _resolved(TURNS),
            _passed(
                ("turn.reach", "203.0.113.10:5349 answers STUN in 21.2 ms", 30.1, 65.2),
                "tls",
                SECURE,
            ),
            expired,
            _untested("turn.challenge", "tls.certificate", "tls", TURNS, SECURE),
            _untested("turn.allocate", "turn.challenge", "tls", TURNS, SECURE),
        ),
        findings=(
            Finding(
                id="tls-expired",
                severity="error",
                target=f"{TURNS}?transport=tcp",
                check="tls.certificate",
                address=SECURE,
                title="The certificate of turn.example.org has expired",
                evidence="The certificate of CN=turn.example.org at 203.0.113.10:5349 was valid until "
                "2026-11-18T08:59:59Z.",
                cause="Renewal failed, or the renewed file was never loaded.",
                fix="Renew it (`certbot renew`), then reload: `systemctl reload nginx`; coturn reads its files anew "
                "on SIGUSR2.",
            ),
        ),
    )


def inconclusive() -> Report:
    """The server challenges, but there was no credential, so nobody can tell whether it relays."""
    unknown = Check(
        id="turn.allocate",
        target=f"{TURN}?transport=udp",
        asked=TURN,
        address=SERVER,
        transport="udp",
        status=Status.INCONCLUSIVE,
        summary="the server asks for credentials and none were given",
        started_ms=63.4,
        duration_ms=0.2,
    )
    rest = ("turn.permission", "turn.channel", "turn.relay-in", "turn.relay-out", "turn.refresh")
    return Report(
        natprobe="0.1.0",
        command="check",
        started="2026-11-21T09:00:00.000Z",
        duration_ms=64.9,
        deadline_ms=20000.0,
        verdict=Verdict.INCONCLUSIVE,
        vantage=Vantage(
            hostname="probe.example.org",
            platform="macOS 15 CPython 3.13.1",
            addresses=("192.0.2.17", "2001:db8::17"),
            limits=("ICMP errors are not seen on this platform: refused and filtered UDP ports look alike.",),
        ),
        checks=(
            _resolved(TURN),
            *_ladder("udp")[:2],
            unknown,
            *(_untested(name, "turn.allocate", "udp") for name in rest),
        ),
    )


def interrupted() -> Report:
    """Somebody pressed Ctrl-C while the relay was measured."""
    cut = Check(
        id="turn.quality",
        target=f"{TURN}?transport=udp",
        asked=TURN,
        address=SERVER,
        transport="udp",
        status=Status.INCONCLUSIVE,
        summary="not decided: the run was stopped before its deadline of 20 s, or reached it",
        started_ms=170.0,
        duration_ms=98.0,
    )
    return Report(
        natprobe="0.1.0",
        command="check",
        started="2026-11-21T09:00:00.000Z",
        duration_ms=290.3,
        deadline_ms=20000.0,
        interrupted=True,
        verdict=Verdict.INCONCLUSIVE,
        vantage=HERE,
        checks=(_resolved(TURN), *_ladder("udp")[:9], cut),
    )


def behind_a_nat() -> Report:
    """This host's own NAT, and the candidates that it can gather through it."""
    return Report(
        natprobe="0.1.0",
        command="gather",
        started="2026-11-21T09:00:00.000Z",
        duration_ms=880.4,
        deadline_ms=10000.0,
        verdict=Verdict.PASS,
        vantage=HERE,
        nat=Nat(
            ipv4=NatBehaviour(
                type="port-restricted-cone",
                mapping="endpoint-independent",
                filtering="address-and-port-dependent",
                local=Address("10.7.0.2", 58491),
                mapped=Address("203.0.113.20", 17740),
                port_preservation=False,
                hairpinning=False,
                pooling="paired",
                binding_lifetime_s=120.0,
                method="rfc5780",
                confidence=0.99,
            )
        ),
        candidates=(
            Candidate(
                candidate="candidate:842163049 1 udp 1677729535 203.0.113.20 17740 typ srflx "
                "raddr 10.7.0.2 rport 58491",
                type="srflx",
                protocol="udp",
                address=Address("203.0.113.20", 17740),
                related=Address("10.7.0.2", 58491),
                priority=1677729535,
                url="stun:203.0.113.10:3478",
                gathered_ms=42.8,
            ),
        ),
        candidate_errors=(CandidateError(url=f"{TURN}?transport=udp", code=401, text="Unauthorized", at_ms=51.0),),
    )


EXAMPLES = {
    "healthy": healthy,
    "relay-range-closed": relay_range_closed,
    "certificate-expired": certificate_expired,
    "inconclusive": inconclusive,
    "interrupted": interrupted,
    "behind-a-nat": behind_a_nat,
}
