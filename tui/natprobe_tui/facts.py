"""What else is known of a cell and of this host? Days left on a certificate, the NAT in words."""

from collections.abc import Iterable

from natprobe.address import Address
from natprobe.measured import moment
from natprobe.model import Check, Report
from natprobe_reports.clean import clean
from natprobe_tui.board import Board
from natprobe_tui.host_picture import sketch
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


def host_words(board: Board) -> str:
    """This host in a line: its way out and its candidates where they are known, else how servers see it."""
    name = board.report.vantage.hostname or "this host"
    doing = "looking at it" if board.host.busy else ""
    seen = _mapped(board.report)
    known = sketch(board.host) or (f"seen as {', '.join(seen)}" if seen else "")
    return clean(": ".join(filter(None, (name, "   ".join(filter(None, (known, doing)))))))


def _mapped(report: Report) -> tuple[str, ...]:
    found = (as_address(check.evidence.get("mapped")) for check in report.checks if check.id.endswith(".binding"))
    return tuple(dict.fromkeys(_host(address) for address in found if address is not None))


def _host(address: Address) -> str:
    return address.host
