"""This host's side of the report for people: its NAT, its ICE candidates, and why some are missing."""

from natprobe.model import Candidate, CandidateError, NatBehaviour, Report
from natprobe_reports.layout import columns, hanging
from natprobe_reports.proof import nat_words
from natprobe_reports.style import Style
from natprobe_reports.words import duration, for_base

_KNOWN = {True: "yes", False: "no"}


def network_lines(report: Report, style: Style) -> list[list[str]]:
    """A block each for the NAT and the candidates, where the report has them."""
    nats = (("IPv4", report.nat.ipv4), ("IPv6", report.nat.ipv6)) if report.nat else ()
    width = columns(style)
    behind = [line for family, nat in nats if nat is not None for line in _nat(family, nat, style)]
    gathered = [line for candidate in report.candidates for line in hanging("  ", _candidate(candidate), width)]
    missed = [line for error in report.candidate_errors for line in hanging("  ", _missed(error), width)]
    return [behind, _titled("candidates", gathered), _titled("candidates that are missing", missed)]


def _titled(title: str, lines: list[str]) -> list[str]:
    return [title, *lines] if lines else []


def _nat(family: str, nat: NatBehaviour, style: Style) -> list[str]:
    lines = hanging(f"{family}  ", nat_words(nat), columns(style))
    for label, value in nat_details(nat):
        lines += hanging(f"  {label + ':':<18}", value, columns(style))
    return lines


def nat_details(nat: NatBehaviour) -> tuple[tuple[str, str], ...]:
    """What else is known of it, as labels and values."""
    lifetime = f"{nat.binding_lifetime_s:g} s" if nat.binding_lifetime_s is not None else None
    how = f"{nat.method}, confidence {nat.confidence:.0%}" if nat.method and nat.confidence is not None else nat.method
    details = (
        ("addresses", f"{nat.local} → {nat.mapped}" if nat.local and nat.mapped else None),
        ("port kept", _yes_no(nat.port_preservation)),
        ("hairpinning", _yes_no(nat.hairpinning)),
        ("address pooling", nat.pooling),
        ("binding lifetime", lifetime),
        ("found by", how),
    )
    return tuple((label, value) for label, value in details if value is not None)


def _yes_no(known: bool | None) -> str | None:  # noqa: FBT001  three values, not a switch
    return None if known is None else _KNOWN[known]


def _candidate(candidate: Candidate) -> str:
    related = f" from {candidate.related}" if candidate.related else ""
    through = f" by {candidate.relay_protocol}" if candidate.relay_protocol else ""
    url = f", {candidate.url}{through}{for_base(candidate)}" if candidate.url else ""
    took = duration(candidate.gathered_ms)
    return f"{candidate.type:<5} {candidate.protocol} {candidate.address}{related}{url}, after {took}"


def _missed(error: CandidateError) -> str:
    code = f"{error.code} " if error.code is not None else ""
    return f"{error.url}{for_base(error)}: {code}{error.text}, after {duration(error.at_ms)}"
