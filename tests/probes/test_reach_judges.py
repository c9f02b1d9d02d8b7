"""What is said of a server's first answer, or of its silence, by `turn.reach` and `stun.binding`."""

from types import ModuleType
from typing import Any

import pytest

from natprobe.across import client_without_udp
from natprobe.address import Address
from natprobe.client.control import Control
from natprobe.client.line import OPEN_TIMEOUT_S
from natprobe.model import Check, Status
from natprobe.net.trouble import Reason, Trouble
from natprobe.probe import Judgement
from natprobe.probes import stun_binding, turn_reach
from natprobe.wire.transactions import Exchange

SERVER, ELSEWHERE = Address("203.0.113.10", 3478), Address("203.0.113.77", 3478)
MAPPED, OTHER = Address("198.51.100.20", 40000), Address("198.51.100.20", 40001)
Told = tuple[str, tuple[str, ...]]
BOTH = pytest.mark.parametrize("probe", [turn_reach, stun_binding], ids=lambda probe: probe.PROBE.id)


def said(judgement: Judgement) -> Told:
    """Its status, and the findings that it raised."""
    return str(judgement.status), tuple(raised.id for raised in judgement.raised)


def exchange(outcome: str, **more: Any) -> Exchange:
    return Exchange(request="Binding request", **({"sends_ms": (0.0, 500.0), "outcome": outcome} | more))


def heard(probe: ModuleType, answer: Exchange, *, transport: str = "udp", **more: Any) -> Judgement:
    """The verdict of `probe` on its only exchange."""
    asked = {"exchanges": (answer,)} if probe is turn_reach else {"exchange": answer}
    return probe.judge(probe.Evidence(server=SERVER, transport=transport, **asked, **more))  # type: ignore[no-any-return]


ALIVE, DEAD = Control(transport="tcp", outcome="refused"), Control(transport="tcp", outcome="silent")
LIVES_OVER_UDP = Control(transport="udp", outcome="answered")
SILENT = exchange("silent", waited_ms=9500.0)


@BOTH
@pytest.mark.parametrize(
    ("transport", "answer", "controls", "told"),
    [
        ("udp", SILENT, (ALIVE,), ("fail", ("udp-port-blocked",))),
        ("udp", SILENT, (DEAD,), ("fail", ("all-ports-blocked-host-down",))),
        ("udp", SILENT, (DEAD, ALIVE), ("fail", ("udp-port-blocked",))),
        ("udp", SILENT, (Control(transport="udp", outcome="refused"),), ("fail", ("udp-port-refused",))),
        ("udp", SILENT, (Control(transport="udp", outcome="unreachable"),), ("fail", ("udp-port-unreachable",))),
        ("dtls", SILENT, (ALIVE,), ("fail", ("dtls-off",))),
        ("tcp", SILENT, (ALIVE,), ("fail", ("tcp-accept-no-answer",))),
        ("tls", SILENT, (), ("fail", ("tcp-accept-no-answer",))),
        ("tcp", SILENT, (Control(transport="tls", outcome="answered"),), ("fail", ("plain-vs-tls-swapped",))),
        ("tcp", SILENT, (Control(transport="tls", outcome="open"),), ("fail", ("uri-wrong-service-port",))),
        ("udp", exchange("refused"), (), ("fail", ("udp-port-refused",))),
        ("udp", exchange("unreachable"), (), ("fail", ("udp-port-unreachable",))),
        ("tcp", exchange("unreachable"), (), ("fail", ("host-unreachable",))),
        ("tcp", exchange("malformed"), (), ("fail", ("uri-wrong-service-port",))),
        ("tcp", exchange("closed"), (), ("fail", ("tcp-accept-then-close",))),
        ("tcp", exchange("reset"), (), ("fail", ("tcp-accept-then-close",))),
        ("udp", exchange("not-permitted"), (), ("inconclusive", ())),
        ("udp", exchange("local"), (), ("inconclusive", ())),
    ],
)
def test_no_answer_is_told_by_how_it_failed_to_come(
    probe: ModuleType, transport: str, answer: Exchange, controls: tuple[Control, ...], told: Told
) -> None:
    assert said(heard(probe, answer, transport=transport, controls=controls)) == told


@BOTH
@pytest.mark.parametrize(
    ("transport", "reason", "told"),
    [
        ("udp", Reason.NO_ROUTE, ("skip", ("no-route",))),
        ("udp", Reason.NOT_PERMITTED, ("inconclusive", ())),
        ("udp", Reason.LOCAL, ("inconclusive", ())),
        ("tcp", Reason.REFUSED, ("fail", ("tcp-port-refused",))),
        ("tcp", Reason.UNREACHABLE, ("fail", ("host-unreachable",))),
        ("tcp", Reason.SILENT, ("fail", ("tcp-port-blocked",))),
        ("tcp", Reason.RESET, ("fail", ("tcp-accept-then-close",))),
        ("tls", Reason.REFUSED, ("fail", ("tls-no-listener",))),
        ("tls", Reason.CLOSED, ("fail", ("tls-handshake-failed",))),
        ("dtls", Reason.REFUSED, ("fail", ("udp-port-refused",))),
        ("dtls", Reason.SILENT, ("fail", ("dtls-off",))),
        ("dtls", Reason.TLS, ("fail", ("tls-handshake-failed",))),
    ],
)
def test_a_line_that_does_not_open_is_told_by_its_reason(
    probe: ModuleType, transport: str, reason: Reason, told: Told
) -> None:
    trouble = Trouble(reason=reason, detail="so it was")
    evidence = probe.Evidence(server=SERVER, transport=transport, trouble=trouble, controls=(LIVES_OVER_UDP,))
    judgement = probe.judge(evidence)
    assert said(judgement) == told
    assert "so it was" in judgement.summary


@BOTH
@pytest.mark.parametrize("where", ["discarded", "malformed"])
def test_an_answer_that_cannot_be_believed_is_an_answer(probe: ModuleType, where: str) -> None:
    why = ("its FINGERPRINT is wrong",)
    answer = exchange("silent", discarded=why) if where == "discarded" else SILENT
    told = heard(probe, answer, controls=(ALIVE,), malformed=why if where == "malformed" else ())
    assert said(told) == ("fail", ("stun-answer-malformed",))
    assert told.summary.endswith("no answer can be believed: its FINGERPRINT is wrong")


@BOTH
def test_a_silence_says_how_often_and_how_long(probe: ModuleType) -> None:
    told = heard(probe, SILENT, controls=(ALIVE,))
    assert "does not answer over udp: asked 2 times in 9.5 s" in told.summary
    assert "host is down" in heard(probe, exchange("unreachable", detail="the host is down")).summary
    assert "no answer: unreachable" in heard(probe, exchange("unreachable")).summary
    assert {name: told.raised[0].facts[name] for name in ("sends", "waited")} == {"sends": "2", "waited": "9.5 s"}
    shut = probe.judge(
        probe.Evidence(server=SERVER, transport="tcp", trouble=Trouble(reason=Reason.SILENT, detail="silent", sends=3))
    )
    assert {name: shut.raised[0].facts[name] for name in ("sends", "waited")} == {
        "sends": "3",
        "waited": f"{OPEN_TIMEOUT_S:.1f} s",
    }


def test_the_first_answer_of_either_kind_is_enough_to_be_reached() -> None:
    asked = turn_reach.judge(
        turn_reach.Evidence(
            server=SERVER, transport="tcp", opened_ms=12.0, exchanges=(SILENT, exchange("error", code=401, rtt_ms=8.04))
        )
    )
    assert (said(asked), asked.summary) == (
        ("pass", ()), "203.0.113.10:3478 answers STUN in 8.0 ms, line open after 12 ms",
    )  # fmt: skip
    assert heard(turn_reach, exchange("success")).summary == "203.0.113.10:3478 answers STUN"
    assert said(heard(turn_reach, exchange("success", source=ELSEWHERE))) == ("fail", ("stun-wrong-source",))


SUCCESS = exchange("success", answered_ms=8.0, rtt_ms=8.0)
ANSWERS = [
    (SUCCESS, {"mapped": MAPPED}, ("pass", ())),
    (SUCCESS, {"mapped": MAPPED, "plain_mapped": MAPPED}, ("pass", ())),
    (SUCCESS, {"mapped": MAPPED, "plain_mapped": OTHER}, ("warn", ("stun-xor-vs-mapped-differs",))),
    (SUCCESS, {"plain_mapped": MAPPED}, ("fail", ("stun-classic-only",))),
    (SUCCESS, {}, ("fail", ("stun-answer-malformed",))),
    (exchange("success", source=ELSEWHERE), {"mapped": MAPPED}, ("fail", ("stun-wrong-source",))),
    (exchange("success", rtt_ms=stun_binding.SLOW_MS), {"mapped": MAPPED}, ("pass", ())),
    (exchange("success", rtt_ms=stun_binding.SLOW_MS + 1), {"mapped": MAPPED}, ("warn", ("stun-slow",))),
    (exchange("error", code=401), {}, ("fail", ("stun-binding-401",))),
    (exchange("error", code=420), {}, ("fail", ("stun-420",))),
    (exchange("error", code=500), {}, ("fail", ("stun-binding-refused",))),
    (exchange("error"), {}, ("fail", ("stun-binding-refused",))),
]


@pytest.mark.parametrize(("answer", "more", "told"), ANSWERS)
def test_each_answer_to_a_binding_has_its_meaning(answer: Exchange, more: dict[str, Any], told: Told) -> None:
    assert said(heard(stun_binding, answer, **more)) == told


def seen(judgement: Judgement, host: str) -> Check:
    """What a run tells of it."""
    findings = tuple(raised.id for raised in judgement.raised)
    return Check(
        id="stun.binding", target="stun:a", asked="stun:a", address=Address(host, 3478), transport="udp",
        status=judgement.status, summary="", started_ms=0.0, duration_ms=1.0, findings=findings,
        facts={finding: {} for finding in findings},
    )  # fmt: skip


@pytest.mark.parametrize(("answer", "more"), [case[:2] for case in ANSWERS])
def test_whoever_answers_over_udp_proves_that_udp_gets_out(answer: Exchange, more: dict[str, Any]) -> None:
    blocked = heard(stun_binding, SILENT, controls=(ALIVE,))
    silent = seen(blocked, "192.0.2.1"), seen(blocked, "192.0.2.2")
    assert client_without_udp(silent)[0].findings == ("udp-blocked-client",)
    checks = (*silent, seen(heard(stun_binding, answer, **more), "192.0.2.3"))
    assert client_without_udp(checks) == checks
    assert checks[2].status is not Status.INCONCLUSIVE
