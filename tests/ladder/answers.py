"""What coturn never does, done on purpose by natprobe's own server on loopback: one case each."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from natprobe.address import Address
from natprobe.credential import Credential, Secret
from natprobe.diagnose import diagnose
from natprobe.events import Event
from natprobe.fold import fold
from natprobe.plan import Plan
from natprobe.probe import Settings
from natprobe.probes import all_probes
from natprobe.runner import run
from natprobe.server import FAULTS, Fault, Kind, ServerConfig, serve
from natprobe.target import parse
from natprobe.wire.registry import Method
from natprobe_reports import PLAIN, RENDERERS
from tests.lab.coturn import PASSWORD, USER
from tests.ladder.case import Outcome

ALICE = Credential(USER, Secret(PASSWORD))
UDP, TCP, BOTH = "turn:{}?transport=udp", "turn:{}?transport=tcp", "turn:{}"
STUN = "stun:{}"
NEXT = {"turn.allocate": "skip", "turn.permission": "skip"}
EXIT_CODES = {"pass": 0, "warn": 0, "fail": 1, "inconclusive": 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A server that answers as it must not, and the whole of what natprobe is to say about it."""

    name: str
    """Of the fault in `natprobe.server.FAULTS`, where `faults` names none."""
    faults: tuple[Fault, ...] = ()
    target: str = UDP
    credential: Credential = ALICE
    offers_sha256: bool = False
    """Whether the server offers PASSWORD-ALGORITHMS (RFC 8489 section 9.2.1)."""
    verdict: str = "fail"
    errors: frozenset[str] = frozenset()
    warnings: frozenset[str] = frozenset()
    infos: frozenset[str] = frozenset()
    statuses: Mapping[str, str] = field(default_factory=dict)
    kept: bool = False
    """Whether the server holds on to allocations in spite of us."""

    @property
    def provokes(self) -> frozenset[str]:
        """Every finding that this case brings about."""
        return self.errors | self.warnings | self.infos

    def play(self) -> Outcome:
        """Serves, asks once, and ends both."""
        return asyncio.run(self._play())

    async def _play(self) -> Outcome:
        events: list[Event] = []
        faults = self.faults or FAULTS[self.name].faults
        config = ServerConfig(users=(self.credential,), faults=faults, offers_sha256=self.offers_sha256)
        async with serve(config) as server:
            await run(self._plan(server.address), events.append)
            left = bool(server.allocations)
        report = diagnose(fold(events))
        stdout = RENDERERS["json"](report, PLAIN)
        assert json.loads(stdout)["verdict"] == report.verdict
        return Outcome(
            exit_code=EXIT_CODES[report.verdict],
            report=report,
            stdout=stdout,
            stderr="",
            text=" ".join(RENDERERS["text"](report, PLAIN).split()),
            released=left == self.kept,
        )

    def _plan(self, server: Address) -> Plan:
        return Plan(
            command="check",
            targets=(parse(self.target.format(server)),),
            probes=all_probes(),
            settings=Settings(credential=self.credential, now_s=time.time()),
        )


def _refusal(code: int, method: Method, finding: str, status: str, *, severity: str = "errors") -> Answer:
    """A request that is refused with a code, whoever asks."""
    check = {Method.ALLOCATE: "turn.allocate", Method.CREATE_PERMISSION: "turn.permission"}
    return Answer(
        name=f"{method.name}-{code}".lower(),
        faults=(Fault(kind=Kind.REFUSE, method=method, code=code),),
        statuses={"turn.challenge": "pass", check.get(method, "turn.refresh"): status},
        **{severity: frozenset({finding})},  # type: ignore[arg-type]
    )


SILENCES = (
    Answer(name="silent", errors=frozenset({"udp-port-blocked"}), statuses={"turn.reach": "fail", **NEXT}),
    Answer(
        name="silent", target=TCP, errors=frozenset({"tcp-accept-no-answer"}), statuses={"turn.reach": "fail", **NEXT}
    ),
    Answer(
        name="silent",
        target=STUN,
        errors=frozenset({"udp-port-blocked", "tcp-accept-no-answer"}),
        statuses={"stun.binding": "fail"},
    ),
    Answer(
        name="silent-udp",
        target=BOTH,
        verdict="warn",
        warnings=frozenset({"transport-not-offered"}),
        statuses={"udp turn.reach": "warn", "tcp turn.relay-loop": "pass"},
    ),
    Answer(
        name="silent-tcp",
        target=BOTH,
        verdict="warn",
        warnings=frozenset({"turn-no-tcp-fallback"}),
        statuses={"tcp turn.reach": "warn", "udp turn.relay-loop": "pass"},
    ),
    Answer(
        name="silent-tcp",
        target=STUN,
        verdict="warn",
        warnings=frozenset({"transport-not-offered"}),
        statuses={"tcp stun.binding": "warn", "udp stun.binding": "pass"},
    ),
    Answer(
        name="refused-udp-and-silent-tcp",
        faults=(
            Fault(kind=Kind.REFUSE_AT_ONCE, method=Method.BINDING, code=300, transport="udp"),
            *FAULTS["silent-tcp"].faults,
        ),
        target=STUN,
        verdict="fail",
        warnings=frozenset({"stun-binding-refused", "transport-not-offered"}),
        statuses={"tcp stun.binding": "warn", "udp stun.binding": "fail"},
    ),
    Answer(
        name="silent-binding",
        verdict="warn",
        warnings=frozenset({"stun-disabled"}),
        statuses={"turn.binding": "warn", "turn.allocate": "pass", "turn.relay-loop": "pass"},
    ),
    Answer(name="silent-allocate", errors=frozenset({"stun-only-server"}), statuses={"turn.challenge": "fail", **NEXT}),
    Answer(
        name="authenticated-allocate-silent",
        faults=(
            Fault(kind=Kind.REFUSE_AT_ONCE, method=Method.ALLOCATE, code=401, times=2),
            Fault(kind=Kind.SILENT, method=Method.ALLOCATE),
        ),
        errors=frozenset({"turn-allocate-timeout"}),
    ),
    Answer(name="first-answers-lost", verdict="pass", statuses={"turn.reach": "pass", "turn.release": "pass"}),
    Answer(name="late", verdict="pass", statuses={"turn.relay-in": "pass", "turn.relay-loop": "pass"}),
    Answer(
        name="slow-binding",
        faults=(Fault(kind=Kind.LATE, method=Method.BINDING, seconds=0.7),),
        target=STUN,
        verdict="warn",
        warnings=frozenset({"stun-slow"}),
        statuses={"tcp stun.binding": "warn", "udp stun.binding": "pass"},  # many sends leave the round trip in doubt
    ),
    Answer(
        name="relayed-broadcast",
        faults=(Fault(kind=Kind.RELAYED, address=Address("255.255.255.255", 0)),),
        errors=frozenset({"turn-answer-malformed", "turn-r2r-forbidden"}),
        infos=frozenset({"relay-unreachable-from-here"}),
        statuses={"turn.allocate": "fail"},
    ),
    Answer(name="release-silent", verdict="warn", warnings=frozenset({"turn-release-failed"}), kept=True),
    Answer(
        name="permission-silent",
        faults=(Fault(kind=Kind.SILENT, method=Method.CREATE_PERMISSION),),
        errors=frozenset({"turn-permission-unanswered"}),
        statuses={"turn.permission": "fail", "turn.relay-in": "skip"},
    ),
    Answer(
        name="channel-silent",
        faults=(Fault(kind=Kind.SILENT, method=Method.CHANNEL_BIND),),
        errors=frozenset({"turn-channel-unanswered"}),
        statuses={"turn.channel": "fail", "turn.relay-in": "pass"},
    ),
    Answer(
        name="refresh-silent",
        faults=(Fault(kind=Kind.SILENT, method=Method.REFRESH),),
        errors=frozenset({"turn-refresh-unanswered"}),
        warnings=frozenset({"turn-release-failed"}),
        statuses={"turn.refresh": "fail", "turn.release": "warn"},
        kept=True,
    ),
)

DAMAGES = (
    *(
        Answer(name=name, target=target, errors=frozenset({"stun-answer-malformed"}), statuses={check: "fail"})
        for name in ("wrong-transaction", "wrong-fingerprint", "malformed-attribute", "unknown-required")
        for target, check in ((UDP, "turn.reach"), (TCP, "turn.reach"), (STUN, "stun.binding"))
    ),
    *(
        Answer(name=name, errors=frozenset({"stun-answer-malformed"}), statuses={"turn.reach": "fail", **NEXT})
        for name in ("truncated", "wrong-length", "garbage")
    ),
    Answer(name="garbage", target=TCP, errors=frozenset({"uri-wrong-service-port"}), statuses={"turn.reach": "fail"}),
    Answer(
        name="web-server", target=TCP, errors=frozenset({"uri-wrong-service-port"}), statuses={"turn.reach": "fail"}
    ),
    Answer(
        name="tcp-closed-at-once",
        target=TCP,
        errors=frozenset({"tcp-accept-then-close"}),
        statuses={"turn.reach": "fail"},
    ),
    *(
        Answer(name=name, target=BOTH, verdict="pass", statuses={"turn.reach": "pass", "turn.relay-loop": "pass"})
        for name in ("huge-attribute", "unknown-attributes")
    ),
    *(
        Answer(name=name, errors=frozenset({"stun-wrong-source"}), statuses={"turn.reach": "fail"})
        for name in ("wrong-source-port", "wrong-source-address")
    ),
    Answer(
        name="wrong-source-port",
        target=STUN,
        errors=frozenset({"stun-wrong-source"}),
        statuses={"udp stun.binding": "fail", "tcp stun.binding": "pass"},
    ),
    *(
        Answer(
            name=name,
            errors=frozenset({"turn-auth-integrity-missing-in-response"}),
            statuses={"turn.challenge": "pass", "turn.allocate": "fail", "turn.permission": "skip"},
        )
        for name in ("no-integrity", "wrong-integrity")
    ),
    Answer(name="no-relayed-address", errors=frozenset({"turn-answer-malformed"}), statuses={"turn.allocate": "fail"}),
    Answer(
        name="no-mapped-address",
        target=STUN,
        infos=frozenset({"stun-classic-only"}),
        statuses={"stun.binding": "fail"},
    ),
    Answer(
        name="alg",
        target=STUN,
        verdict="warn",
        warnings=frozenset({"stun-xor-vs-mapped-differs"}),
        statuses={"stun.binding": "warn"},
    ),
    Answer(
        name="alg",
        verdict="warn",
        warnings=frozenset({"stun-xor-vs-mapped-differs"}),
        statuses={"turn.binding": "warn", "turn.relay-loop": "pass"},
    ),
)

CHALLENGES = (
    *(
        Answer(name=name, errors=frozenset({"turn-answer-malformed"}), statuses={"turn.challenge": "fail", **NEXT})
        for name in ("no-realm", "no-nonce")
    ),
    Answer(
        name="empty-realm",
        errors=frozenset({"turn-auth-401-bad-credentials"}),
        warnings=frozenset({"turn-auth-realm-empty"}),
        statuses={"turn.challenge": "warn", "turn.allocate": "fail"},
    ),
    Answer(name="bid-down", errors=frozenset({"turn-auth-bid-down"}), statuses={"turn.challenge": "fail", **NEXT}),
    Answer(name="oauth-only", verdict="pass", statuses={"turn.challenge": "pass", "turn.allocate": "pass"}),
    Answer(
        name="oauth-and-nothing-else",
        faults=(*FAULTS["oauth-only"].faults, Fault(kind=Kind.REFUSE, method=Method.ALLOCATE, code=401)),
        errors=frozenset({"turn-oauth-required"}),
        statuses={"turn.challenge": "pass", "turn.allocate": "fail"},
    ),
    Answer(name="stale-nonce-once", verdict="pass", statuses={"turn.allocate": "pass", "turn.release": "pass"}),
    Answer(
        name="stale-nonce-forever",
        errors=frozenset({"turn-nonce-wrong-loop"}),
        statuses={"turn.challenge": "pass", "turn.allocate": "fail", "turn.relay-in": "skip"},
    ),
    Answer(
        name="try-alternate",
        verdict="pass",
        infos=frozenset({"turn-try-alternate"}),
        statuses={"turn.challenge": "pass", "turn.allocate": "pass", "turn.release": "pass"},
    ),
    Answer(
        name="try-alternate-loop",
        errors=frozenset({"turn-alternate-unreachable"}),
        statuses={"turn.challenge": "fail", **NEXT},
    ),
    Answer(
        name="binding-401",
        verdict="warn",
        warnings=frozenset({"stun-binding-401"}),
        statuses={"turn.binding": "warn", "turn.relay-in": "pass"},
    ),
    Answer(
        name="binding-401", target=STUN, warnings=frozenset({"stun-binding-401"}), statuses={"stun.binding": "fail"}
    ),
    Answer(name="binding-420", target=STUN, infos=frozenset({"stun-420"}), statuses={"stun.binding": "fail"}),
    Answer(
        name="binding-400", target=STUN, warnings=frozenset({"stun-binding-refused"}), statuses={"stun.binding": "fail"}
    ),
)

REFUSALS = (
    _refusal(300, Method.ALLOCATE, "turn-alternate-unreachable", "fail"),
    _refusal(400, Method.ALLOCATE, "turn-allocate-refused", "fail"),
    _refusal(403, Method.ALLOCATE, "turn-draining", "fail"),
    _refusal(420, Method.ALLOCATE, "turn-allocate-refused", "fail"),
    _refusal(437, Method.ALLOCATE, "turn-allocation-mismatch-437", "fail"),
    _refusal(440, Method.ALLOCATE, "turn-family-unsupported", "fail", severity="infos"),
    _refusal(441, Method.ALLOCATE, "turn-auth-441-wrong-credentials", "fail"),
    _refusal(442, Method.ALLOCATE, "turn-transport-unsupported", "fail"),
    _refusal(486, Method.ALLOCATE, "turn-quota-reached", "fail"),
    _refusal(500, Method.ALLOCATE, "turn-500", "fail"),
    _refusal(508, Method.ALLOCATE, "turn-ports-exhausted", "fail"),
    _refusal(699, Method.ALLOCATE, "turn-allocate-refused", "fail"),
    _refusal(438, Method.CREATE_PERMISSION, "turn-nonce-wrong-loop", "fail"),
    _refusal(441, Method.CREATE_PERMISSION, "turn-auth-441-wrong-credentials", "fail"),
    _refusal(443, Method.CREATE_PERMISSION, "turn-peer-family-443", "fail", severity="infos"),
    _refusal(500, Method.CREATE_PERMISSION, "turn-permission-refused", "fail"),
    Answer(
        name="allocate-400-to-an-odd-user-name",
        faults=FAULTS["allocate-400"].faults,
        credential=Credential("probe\N{SNOWMAN}", Secret(PASSWORD)),
        errors=frozenset({"turn-auth-bad-utf8-or-long"}),
        statuses={"turn.challenge": "pass", "turn.allocate": "fail"},
    ),
    Answer(
        name="allocate-400-to-a-password-algorithm",
        faults=FAULTS["allocate-400"].faults,
        offers_sha256=True,
        errors=frozenset({"turn-auth-password-algorithm-400"}),
        statuses={"turn.challenge": "pass", "turn.allocate": "fail"},
    ),
    Answer(
        name="sha-256",
        faults=(Fault(kind=Kind.PERMISSIONS_IGNORED),),
        offers_sha256=True,
        verdict="pass",
        statuses={"turn.allocate": "pass", "turn.relay-loop": "pass", "turn.release": "pass"},
    ),
    Answer(
        name="allocation-mismatch-once",
        faults=(Fault(kind=Kind.REFUSE, method=Method.ALLOCATE, code=437, times=1),),
        verdict="pass",
        statuses={"turn.allocate": "pass", "turn.relay-loop": "pass", "turn.release": "pass"},
    ),
    Answer(
        name="peer-denied",
        errors=frozenset({"turn-peer-denied-403", "turn-r2r-forbidden"}),
        statuses={"turn.permission": "fail", "turn.relay-in": "skip", "turn.relay-out": "skip", "turn.channel": "fail"},
    ),
    *(
        Answer(
            name=f"channel-{code}",
            faults=(Fault(kind=Kind.REFUSE, method=Method.CHANNEL_BIND, code=code),),
            errors=frozenset({finding}),
            statuses={"turn.channel": "fail", "turn.relay-in": "pass", "turn.relay-loop": "pass"},
        )
        for code, finding in ((400, "turn-channel-number-400"), (500, "turn-channel-refused"))
    ),
    *(
        Answer(
            name=f"refresh-{code}",
            faults=(Fault(kind=Kind.REFUSE, method=Method.REFRESH, code=code),),
            errors=frozenset({finding}),
            warnings=frozenset() if code == 437 else frozenset({"turn-release-failed"}),
            statuses={"turn.refresh": "fail", "turn.release": "pass" if code == 437 else "warn"},
            kept=True,
        )
        for code, finding in (
            (437, "turn-refresh-437"),
            (438, "turn-nonce-wrong-loop"),
            (441, "turn-auth-441-wrong-credentials"),
            (500, "turn-refresh-refused"),
        )
    ),
)

RELAYS = (
    Answer(
        name="relay-ports-closed",
        errors=frozenset({"relay-port-range-blocked"}),
        statuses={"turn.relay-in": "fail", "turn.relay-out": "pass", "turn.relay-loop": "pass", "turn.channel": "pass"},
    ),
    Answer(
        name="relayed-other-host",
        errors=frozenset({"turn-external-ip-wrong"}),
        statuses={"turn.relay-in": "fail", "turn.relay-out": "fail"},
    ),
    Answer(
        name="relay-in-dead",
        infos=frozenset({"relay-unreachable-from-here"}),
        statuses={"turn.relay-in": "inconclusive", "turn.relay-out": "pass", "turn.relay-loop": "fail"},
    ),
    Answer(
        name="relay-out-dead",
        infos=frozenset({"relay-unreachable-from-here"}),
        statuses={"turn.relay-in": "pass", "turn.relay-out": "inconclusive", "turn.relay-loop": "fail"},
    ),
    Answer(
        name="relay-port-rewritten",
        verdict="warn",
        warnings=frozenset({"turn-egress-port-rewritten"}),
        statuses={"turn.relay-in": "pass", "turn.relay-out": "warn", "turn.relay-loop": "warn"},
    ),
    Answer(
        name="loop-dead",
        errors=frozenset({"turn-r2r-mapped-to-wrong-local-ip"}),
        statuses={"turn.relay-in": "pass", "turn.relay-out": "pass", "turn.relay-loop": "fail", "turn.channel": "pass"},
    ),
    Answer(
        name="channel-data-dropped",
        target=BOTH,
        errors=frozenset({"turn-channeldata-dropped"}),
        statuses={"turn.relay-in": "pass", "turn.relay-out": "pass", "turn.relay-loop": "pass", "turn.channel": "fail"},
    ),
    Answer(
        name="short-lifetime",
        verdict="warn",
        warnings=frozenset({"turn-lifetime-short"}),
        statuses={"turn.allocate": "warn", "turn.relay-loop": "pass"},
    ),
    Answer(
        name="no-lifetime",
        faults=(Fault(kind=Kind.LIFETIME, method=Method.ALLOCATE, seconds=0),),
        verdict="warn",
        warnings=frozenset({"turn-lifetime-zero"}),
        statuses={"turn.allocate": "warn"},
    ),
    *(
        Answer(name=name, verdict="pass", statuses={"turn.relay-loop": "pass"})
        for name in ("dead-other-address", "silent-other-address", "change-ignored", "permissions-ignored")
    ),
)

ANSWERS = (*SILENCES, *DAMAGES, *CHALLENGES, *REFUSALS, *RELAYS)
