"""Hosts whose reports stand on one page: at home, in an office behind a symmetric NAT, and without UDP."""

from itertools import combinations

import msgspec

from natprobe.address import Address
from natprobe.model import Nat, NatBehaviour, Report, Vantage, Verdict
from natprobe.pairing import from_report, judge
from natprobe_reports.html import Pair, render_many
from tests.reports.example_reports import behind_a_nat, relay_range_closed


def _host(name: str, verdict: Verdict, nat: Nat, *, candidates: bool = True) -> Report:
    report = behind_a_nat()
    return msgspec.structs.replace(
        report,
        command="nat",
        verdict=verdict,
        vantage=Vantage(hostname=f"{name}.example.org", platform="Linux 6.1 CPython 3.11.9"),
        nat=nat,
        candidates=report.candidates if candidates else (),
        candidate_errors=(),
    )


def home() -> Report:
    """Behind a usual router."""
    return behind_a_nat()


def office() -> Report:
    """Behind a symmetric NAT, with IPv6 behind a firewall."""
    public = Address("2001:db8::17", 5000)
    ipv4 = NatBehaviour(
        type="symmetric",
        mapping="address-and-port-dependent",
        filtering="address-and-port-dependent",
        local=Address("10.8.0.9", 5000),
        mapped=Address("198.51.100.9", 61044),
        method="rfc5780",
        confidence=0.99,
    )
    ipv6 = NatBehaviour(
        type="symmetric-udp-firewall",
        mapping="none",
        filtering="address-and-port-dependent",
        local=public,
        mapped=public,
    )
    return _host("pc", Verdict.WARN, Nat(ipv4=ipv4, ipv6=ipv6))


def hotel() -> Report:
    """In a network that lets no UDP out."""
    blocked = NatBehaviour(type="udp-blocked", mapping="unknown", filtering="unknown", local=Address("10.9.0.3", 5000))
    return _host("phone", Verdict.WARN, Nat(ipv4=blocked), candidates=False)


HOSTS = (("home", home()), ("office", office()), ("hotel", hotel()), ("server", relay_range_closed()))


def pairs(hosts: tuple[tuple[str, Report], ...] = HOSTS) -> list[Pair]:
    """What becomes of calls between them."""
    ends = [from_report(name, report) for name, report in hosts]
    told = [(a, b, judge(ends[a], ends[b])) for a, b in combinations(range(len(ends)), 2)]
    return [Pair(a, b, each.direct, each.path, each.reason, each.findings) for a, b, each in told]


def several_hosts() -> str:
    """Their page."""
    return render_many(HOSTS, pairs())
