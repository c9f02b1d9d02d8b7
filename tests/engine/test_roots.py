"""What is told of several targets that one fault breaks, and of a host that is silent to one and answers another."""

from typing import Any

import pytest

from natprobe.address import Address
from natprobe.model import Check, Status
from natprobe.roots import living_hosts
from natprobe_reports.culprit import culprit
from tests.engine.pieces import HOST, at, check, diagnosed


def answered(word: str) -> dict[str, Any]:
    """Evidence of a port."""
    return {"runs": [{"first": 80, "last": 80, "asked": 1, "answer": {"port": 80, "word": word}}]}


@pytest.mark.parametrize(
    ("other", "transport", "told"),
    [
        (check("turn.reach", "turn:a:5349", **at(5349)), "udp", "udp-port-blocked"),
        (check("turn.reach", "turn:a:5349", **at(5349)), "tcp", "tcp-port-blocked"),
        (check("turn.reach", "turn:a:5349", **at(5349)), "dtls", "dtls-off"),
        (check("stun.binding", "stun:a:80", "tcp-port-refused", **at(80, "tcp")), "udp", "udp-port-blocked"),
        (check("tls.certificate", "https://a/", **at(443, "tls")), "tls", "tcp-port-blocked"),
        (check("port.tcp", "tcp:a:80", **at(80, "tcp"), evidence=answered("open")), "tls", "tcp-port-blocked"),
        (check("port.tcp", "tcp:a:80", **at(80, "tcp"), evidence=answered("refused")), "udp", "udp-port-blocked"),
        (
            check("port.tcp", "tcp:a:80", **at(80, "tcp"), evidence=answered("silent")),
            "udp",
            "all-ports-blocked-host-down",
        ),
        (check("dns.resolve", "https://a/"), "udp", "all-ports-blocked-host-down"),
        (check("turn.reach", "turn:a:5349", status=Status.WARN, **at(5349)), "udp", "all-ports-blocked-host-down"),
        (
            check("turn.reach", "turn:b", address=Address("192.0.2.2", 3478), transport="udp"),
            "udp",
            "all-ports-blocked-host-down",
        ),
    ],
)
def test_a_host_that_answers_one_target_is_not_said_to_be_down(other: Check, transport: str, told: str) -> None:
    silent = check("turn.reach", "turn:a:3478", "all-ports-blocked-host-down", **at(3478, transport))
    (seen, _) = living_hosts((silent, other))
    assert seen.findings == (told,)
    assert seen.facts.keys() == {told}
    assert seen.facts[told]["host"] == HOST


def test_what_breaks_most_targets_stands_first_and_counts_them() -> None:
    report = diagnosed(
        check("turn.allocate", "turn:a", "turn-auth-401-bad-credentials", **at(3478)),
        check("dns.resolve", "wss://b/", "dns-nxdomain"),
        check("dns.resolve", "https://b/", "dns-nxdomain"),
        check("http.status", "https://c/"),
    )
    assert [finding.id for finding in report.findings] == [*["dns-nxdomain"] * 2, "turn-auth-401-bad-credentials"]
    assert culprit(report).endswith("(2 of 4 targets)")


def test_of_what_breaks_as_many_the_one_that_others_build_upon_stands_first() -> None:
    report = diagnosed(
        *(check("http.status", uri, "http-status", **at(443, "tls")) for uri in ("https://a/1", "https://a/2")),
        *(check("tls.certificate", uri, "tls-expired", **at(443, "tls")) for uri in ("https://a/1", "https://a/2")),
    )
    assert next(finding.id for finding in report.findings) == "tls-expired"


def test_what_only_one_target_has_stays_in_the_order_in_which_it_was_told() -> None:
    report = diagnosed(
        check("turn.allocate", "turn:a", "turn-auth-401-bad-credentials", **at(3478)),
        check("dns.resolve", "wss://b/", "dns-nxdomain"),
    )
    assert [finding.id for finding in report.findings] == ["turn-auth-401-bad-credentials", "dns-nxdomain"]
    assert culprit(report).startswith("192.0.2.1:3478 refuses")
