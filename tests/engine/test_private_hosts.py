"""Silence of a private address: whose fault it is, by what else is known of that address and of this host's own."""

import msgspec
import pytest

from natprobe.across.private_hosts import seen_from_afar
from natprobe.address import Address
from natprobe.diagnose import diagnose
from natprobe.fold import EMPTY
from natprobe.model import Check, Report, Status, Vantage

DOWN = "all-ports-blocked-host-down"
HOST, OUTSIDE = "192.168.101.99", ("198.51.100.20", "2001:db8:100::20")


def check(name: str, target: str, at: str | None, finding: str, /, **facts: str) -> Check:
    return Check(
        id=name,
        target=target,
        asked=target,
        address=Address(at, 1985) if at else None,
        transport="tcp" if at else None,
        status=Status.FAIL,
        summary="",
        started_ms=0.0,
        duration_ms=1.0,
        findings=(finding,),
        facts={finding: facts},
    )


def diagnosed(*checks: Check) -> Report:
    vantage = Vantage(hostname="", platform="", addresses=OUTSIDE)
    return diagnose(diagnose(msgspec.structs.replace(EMPTY, checks=checks, vantage=vantage)))


@pytest.mark.parametrize(
    ("host", "own", "told"),
    [
        (HOST, OUTSIDE, "private-address-silent"),
        (HOST, (), "private-address-silent"),
        (HOST, ("10.7.0.2", "192.168.102.2"), "private-address-silent"),
        (HOST, ("198.51.100.20", "192.168.101.2"), DOWN),
        ("100.64.3.4", OUTSIDE, "private-address-silent"),
        ("fd00:1:2:3::9", OUTSIDE, "private-address-silent"),
        ("fd00:1:2:3::9", ("fd00:1:2:3::2",), DOWN),
        ("203.0.113.10", OUTSIDE, DOWN),
        ("127.0.0.1", OUTSIDE, DOWN),
    ],
)
def test_a_host_is_down_where_this_host_would_reach_it(host: str, own: tuple[str, ...], told: str) -> None:
    silent = check("port.tcp", "tcp:h:1985", host, DOWN, host=host, sends="3", waited="3.5 s")
    (seen,) = seen_from_afar((silent,), Vantage(hostname="", platform="", addresses=own))
    assert seen.findings == (told,)
    assert seen.facts[told]["sends"] == "3"


def test_what_a_page_is_said_to_hold_is_told_at_each_target_and_not_that_its_host_is_down() -> None:
    uri, other = f"srs+http://{HOST}:1985/", f"http://{HOST}:8085/live/"
    told = diagnosed(
        check("web.page", uri, HOST, "uri-private-host", uri=uri, host=HOST, kind="private"),
        check("port.tcp", uri, HOST, DOWN, host=HOST),
        check("port.tcp", other, HOST, DOWN, host=HOST),
        check("port.tcp", "tcp:10.9.9.9:80", "10.9.9.9", DOWN, host="10.9.9.9"),
    )
    assert [(finding.id, finding.target) for finding in told.findings] == [
        ("uri-private-host", uri),
        ("uri-private-host", other),
        ("private-address-silent", "tcp:10.9.9.9:80"),
    ]
    assert told.findings[0].evidence.endswith(f"Seen at {HOST}:1985 over tcp.")
    assert told.findings[1].title == f"{other} holds a private address"


def test_a_name_that_leads_to_a_private_address_is_the_fault_of_its_own_target_alone() -> None:
    name, address = "turn:inside.example.org", "192.168.7.7"
    told = diagnosed(
        check("dns.resolve", name, None, "dns-private-address", host="inside.example.org", address=address),
        check("turn.reach", name, address, DOWN, host=address),
        check("turn.reach", f"turn:{address}", address, DOWN, host=address),
    )
    assert [(finding.id, finding.target) for finding in told.findings] == [
        ("dns-private-address", name),
        ("private-address-silent", f"turn:{address}"),
    ]
    assert told.findings[0].evidence.endswith(f"Seen at {address}:1985 over tcp.")
