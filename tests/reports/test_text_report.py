"""Can a tired person read it? The culprit first, each status in words, nothing hidden and nothing twice."""

import re
from itertools import pairwise

import msgspec
import pytest

from natprobe.address import Address
from natprobe.fold import EMPTY
from natprobe.model import Check, Finding, Report, Status, Verdict
from natprobe_reports import RENDERERS, Style
from tests.reports.example_reports import EXAMPLES, TURN, certificate_expired, healthy, inconclusive, relay_range_closed

COLOUR = re.compile(r"\x1b\[[0-9]+m")


def rendered(report: Report, style: Style | None = None) -> str:
    return RENDERERS["text"](report, style or Style())


def words(text: str) -> str:
    """`text` on one line."""
    return " ".join(text.split())


def check(name: str = "turn.reach", status: Status = Status.PASS, summary: str = "answers", **more: str) -> Check:
    place = {"target": TURN, "asked": TURN, "transport": "udp"} | more
    return Check(
        id=name,
        status=status,
        summary=summary,
        address=Address("203.0.113.10", 3478),
        started_ms=0.0,
        duration_ms=1.0,
        **place,  # type: ignore[arg-type]  # the names above are all strings
    )


def report_of(*checks: Check, verdict: Verdict = Verdict.FAIL, findings: tuple[Finding, ...] = ()) -> Report:
    return msgspec.structs.replace(EMPTY, checks=checks, verdict=verdict, findings=findings)


def finding(name: str, severity: str, title: str, target: str | None = None, evidence: str = "seen it") -> Finding:
    return msgspec.convert(
        {"id": name, "severity": severity, "title": title, "target": target, "cause": "c", "fix": "f"}
        | {"evidence": evidence},
        Finding,
    )


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("healthy", "PASS turn:turn.example.org:3478 relays in both directions over udp, tcp (11 of 11 checks each)"),
        ("relay-range-closed", "FAIL The relay works from inside, but 203.0.113.10:49160-49200/udp is closed to the "),
        ("certificate-expired", "FAIL The certificate of turn.example.org has expired turn:"),
        ("inconclusive", "INCONCLUSIVE the server asks for credentials and none were given (turn.allocate of turn:"),
        ("interrupted", "INCONCLUSIVE interrupted after 290 ms; nothing had failed in 10 checks"),
        ("behind-a-nat", "PASS IPv4: NAT type port-restricted-cone (mapping endpoint-independent, filtering "),
    ],
)
def test_the_first_sentence_is_the_verdict_and_the_culprit(name: str, start: str) -> None:
    assert words(rendered(EXAMPLES[name]())).startswith(start)


def test_an_empty_report_says_that_nothing_was_checked() -> None:
    assert rendered(EMPTY).startswith("INCONCLUSIVE  nothing was checked\n")


def test_an_interrupted_run_with_a_failure_tells_both() -> None:
    text = rendered(msgspec.structs.replace(relay_range_closed(), interrupted=True))
    assert text.startswith("FAIL  The relay works")
    assert "Interrupted after 2.2 s: what follows is what was found until then." in text
    assert "exit code 130: interrupted" in text


def test_a_failed_check_without_a_finding_is_the_culprit_too() -> None:
    broken = check(status=Status.FAIL, summary="silent: 0 answers to 6 requests in 3 s")
    first = words(rendered(report_of(check("dns.resolve"), broken)))
    assert first.startswith(f"FAIL silent: 0 answers to 6 requests in 3 s (turn.reach of {TURN})")


def test_a_title_that_names_no_place_gets_its_target_where_there_are_several() -> None:
    checks = (check(target="turns:a.example.org"), check(target="turns:b.example.org", asked="turns:b.example.org"))
    found = finding("tls-expired", "error", "The certificate expired", "turns:b.example.org")
    assert rendered(report_of(*checks, findings=(found,))).startswith(
        "FAIL  The certificate expired (turns:b.example.org)\n"
    )


def test_a_relay_without_proof_of_both_directions_is_not_said_to_have_it() -> None:
    text = rendered(report_of(check("turn.allocate"), check("turn.relay-out"), verdict=Verdict.PASS))
    assert text.startswith(f"PASS  {TURN} relays outwards over udp (2 of 2 checks)")


def test_a_target_promises_no_more_than_its_weakest_cell() -> None:
    checks = (check("turn.allocate"), check("turn.reach", transport="tcp"))
    text = rendered(report_of(*checks, verdict=Verdict.PASS))
    assert text.startswith(f"PASS  {TURN} answers over udp, tcp (1 of 1 check each)")


def test_every_status_has_a_word_of_its_own_without_colour() -> None:
    lines = rendered(report_of(*(check(f"turn.{status.value}", status) for status in Status))).splitlines()
    marks = [line.split()[0] for line in lines if " turn." in line and line.startswith("    ")]
    assert sorted(marks) == sorted(["ok", "-", "warn", "?", "FAIL", "BUG"])


def test_colour_changes_no_character_of_the_text() -> None:
    for build in EXAMPLES.values():
        coloured = rendered(build(), Style(colour=True))
        assert COLOUR.search(coloured)
        assert COLOUR.sub("", coloured) == rendered(build())


def test_where_nothing_was_asked_the_first_sentence_says_why() -> None:
    missing = check("turn.binding", Status.SKIP, "not tested: it needs turn.reach")
    away = check("turn.reach", Status.SKIP, "not tested: this host has no route to 203.0.113.10:3478")
    text = words(rendered(report_of(missing, away, verdict=Verdict.INCONCLUSIVE)))
    assert text.startswith("INCONCLUSIVE not tested: this host has no route to 203.0.113.10:3478 (turn.reach of turn:")


def test_not_offered_and_filtered_and_silent_and_not_tested_do_not_look_alike() -> None:
    text = words(rendered(relay_range_closed()))
    assert "FAIL turn.relay-in nothing came in at 203.0.113.10:49172: 7 2 s packets, 2.0 s" in text
    assert "over tcp at 203.0.113.10:3478: not offered warn turn.reach not offered: nothing listens on " in text
    assert "- not tested, because turn.relay-in failed: turn.relay-loop" in text
    assert (
        "- not tested, because the server does not offer this transport: turn.challenge, turn.allocate, turn.permission"
        in text
    )


def test_checks_that_one_cause_kept_from_being_made_share_a_line_that_names_the_root() -> None:
    checks = (
        check("turn.allocate", Status.FAIL, "508 Insufficient Capacity"),
        check("turn.permission", Status.SKIP, "not tested: it needs turn.allocate"),
        check("turn.relay-in", Status.SKIP, "not tested: it needs turn.permission"),
        check("tls.certificate", Status.SKIP, "does not apply to udp"),
    )
    text = rendered(report_of(*checks))
    assert "- not tested, because turn.allocate failed: turn.permission, turn.relay-in " in words(text)
    assert re.search(r"^    -     tls\.certificate +does not apply to udp$", text, re.MULTILINE)


def test_a_transport_that_was_skipped_because_it_is_not_offered_is_said_to_be_so() -> None:
    checks = (check("turn.reach", Status.SKIP, "not offered: silent", transport="dtls"), check("turn.reach"))
    text = rendered(report_of(*checks))
    assert "  over dtls at 203.0.113.10:3478: not offered\n" in text
    assert "not tested, because" not in text


def test_needs_that_go_in_a_circle_are_told_and_do_not_hang() -> None:
    checks = (
        check("turn.a", Status.SKIP, "not tested: it needs turn.b"),
        check("turn.b", Status.SKIP, "not tested: it needs turn.a"),
    )
    assert rendered(report_of(*checks)).count("not tested, because") == 2


def test_a_healthy_cell_beside_a_broken_one_is_short_and_shows_every_rung() -> None:
    text = rendered(certificate_expired())
    ladder = text[text.index("over udp") : text.index("turns:turn.example.org:5349\n")]
    assert len(ladder.splitlines()) < 7
    for name in {rung.id for rung in healthy().checks if rung.transport}:
        assert f"{name} " in ladder


def test_a_check_that_does_not_apply_is_no_gap_in_a_healthy_ladder() -> None:
    idle = check("http.cors", Status.SKIP, "not needed: page and target share the origin")
    text = rendered(report_of(check("port.tcp"), check("http.status"), idle, verdict=Verdict.PASS))
    assert "at 203.0.113.10:3478: 2 of 2 ok\n" in text
    assert "http.cors    not needed: page and target share the origin" in text
    assert "3 checks: 2 ok, 1 does not apply" in text


def test_verbose_shows_every_rungs_sentence_and_the_infos() -> None:
    text = rendered(certificate_expired(), Style(verbose=True))
    assert "relayed address 203.0.113.10:49172" in text
    assert "asked for a fresh nonce" in rendered(healthy(), Style(verbose=True))
    assert "asked for a fresh nonce" not in rendered(healthy())


def test_errors_come_before_warnings_whatever_their_order_in_the_report() -> None:
    findings = (finding("w", "warning", "A warning"), finding("e", "error", "An error"))
    text = rendered(report_of(check(), findings=findings))
    assert text.index("\nFAIL  An error") < text.index("\nwarn  A warning")


def test_a_finding_shows_what_was_seen_why_and_what_to_change() -> None:
    text = words(rendered(relay_range_closed()))
    assert "seen: Packets to 203.0.113.10:49172, from a permitted peer" in text
    assert "cause: A stateful security group" in text
    assert "fix: Allow inbound udp/49160-49200" in text
    assert "more: natprobe explain relay-port-range-blocked" in text


def test_one_finding_at_several_places_is_told_once_with_every_place() -> None:
    findings = tuple(finding("tls-expired", "error", "Expired", f"turns:{host}", f"saw {host}") for host in "ab")
    text = rendered(report_of(check(), findings=findings))
    assert text.count("natprobe explain tls-expired") == 1
    assert all(piece in text for piece in ("at:    turns:a", "at:    turns:b", "seen:  saw a", "seen:  saw b"))


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("name", EXAMPLES)
def test_lines_keep_the_width_unless_a_word_or_a_command_is_longer(name: str, width: int) -> None:
    unbreakable = re.compile(r" *(\S+ +)?(`[^`]*`\S*|natprobe explain \S+|\S+)")
    for line in rendered(EXAMPLES[name](), Style(width=width)).splitlines():
        assert len(line) <= width or unbreakable.fullmatch(line), line


def test_a_command_stays_on_one_line_so_that_it_can_be_copied() -> None:
    command = "`docker run -p 49160-49200:49160-49200/udp coturn/coturn --min-port=49160 --max-port=49200`"
    assert command in rendered(relay_range_closed(), Style(width=40))


def test_a_terminal_that_knows_ascii_alone_gets_ascii_alone() -> None:
    strange = check(summary="realm Grüße → 例え")
    text = rendered(report_of(strange), Style(unicode=False))
    assert text.isascii()
    assert "realm Gr\\xfc\\xdfe > \\u4f8b\\u3048" in text


def test_what_this_host_cannot_observe_is_told_where_something_stayed_open() -> None:
    assert "limit: ICMP errors are not seen on this platform" in rendered(inconclusive())


def test_the_closing_lines_count_and_name_the_exit_code() -> None:
    text = rendered(relay_range_closed())
    assert "16 checks: 10 ok, 1 warned, 1 failed, 4 not tested · 1 error, 1 warning\n" in text
    assert "exit code 1: at least one check failed · 2.2 s of at most 20 s\n" in text


def test_a_fault_of_natprobe_itself_has_its_own_exit_code() -> None:
    assert "exit code 3: natprobe itself failed" in rendered(report_of(check(status=Status.ERROR)))


def test_blocks_are_parted_by_one_empty_line_and_no_line_ends_with_a_space() -> None:
    for build in EXAMPLES.values():
        lines = rendered(build()).split("\n")
        assert lines[-1] == ""
        assert lines[-2]
        assert all(before or after for before, after in pairwise(lines))
        assert all(line == line.rstrip() for line in lines)


def test_a_fault_of_many_places_is_one_cause_and_names_each_but_repeats_no_evidence_without_end() -> None:
    many = tuple(finding("dns-nxdomain", "error", "No such name", f"turn:h{n}", f"seen {n}") for n in range(5))
    report = report_of(check(status=Status.FAIL), findings=(*many, finding("stun-slow", "warning", "Slow", TURN)))
    text = words(rendered(report))
    assert "5 errors (1 cause at 5 targets), 1 warning" in text
    assert all(f"at: turn:h{n}" in text for n in range(5))
    assert "seen: seen 1 seen: the same at 3 more of these places (-v shows each)" in text
    assert all(f"seen {n}" in words(rendered(report, Style(verbose=True))) for n in range(5))


def test_targets_of_a_group_stand_together_below_its_name() -> None:
    named = [("turn:a", "relay"), ("wss://b/", "web"), ("turn:c", "relay"), ("stun:d", None)]
    checks = [msgspec.structs.replace(check(target=uri, asked=uri), group=group) for uri, group in named]
    lines = rendered(report_of(*checks, verdict=Verdict.PASS)).splitlines()
    heads = [line for line in lines if line.startswith(("[", "turn:", "wss:", "stun:"))]
    assert heads == ["stun:d", "[relay]", "turn:a", "turn:c", "[web]", "wss://b/"]
