"""What else is known of a cell and of this host? Days left on a certificate, the NAT in words."""

from collections.abc import Iterable

from natprobe.address import Address
from natprobe.measured import moment
from natprobe.model import Check, Report
from natprobe_reports.clean import clean
from natprobe_reports.proof import nat_words
from natprobe_tui.packets import as_address


def days_left(checks: Iterable[Check], now: str) -> int | None:
    """Whole days until the first certificate that `checks` saw ends; negative where it has ended; None of none."""
    at = moment(now)
    ends = [end for check in checks if (end := moment(_not_after(check))) is not None]
    return (min(ends) - at).days if ends and at else None


def _not_after(check: Check) -> str:
    handshake = check.evidence.get("handshake")
    chain = handshake.get("chain") if isinstance(handshake, dict) else None
    leaf = chain[0] if isinstance(chain, list | tuple) and chain else None
    return str(leaf.get("not_after") or "") if isinstance(leaf, dict) else ""


def host_words(report: Report) -> str:
    """This host in a phrase: its NAT where it was asked for, else how servers see it, else its name."""
    nats = (("IPv4", report.nat.ipv4), ("IPv6", report.nat.ipv6)) if report.nat else ()
    known = [f"{family} {nat_words(nat)}" for family, nat in nats if nat is not None]
    name = report.vantage.hostname or "this host"
    seen = _mapped(report)
    tail = "; ".join(known) or (f"seen as {', '.join(seen)}" if seen else "")
    return clean(f"{name}: {tail}" if tail else name)


def _mapped(report: Report) -> tuple[str, ...]:
    found = (as_address(check.evidence.get("mapped")) for check in report.checks if check.id.endswith(".binding"))
    return tuple(dict.fromkeys(_host(address) for address in found if address is not None))


def _host(address: Address) -> str:
    return address.host
