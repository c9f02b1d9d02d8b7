"""How does the way from this host to the Internet look? Its NAT and its candidates, drawn in text. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence

from natprobe.model import Candidate, CandidateError, NatBehaviour
from natprobe_reports.clean import clean
from natprobe_reports.layout import hanging
from natprobe_reports.proof import nat_words
from natprobe_reports.text_network import nat_details
from natprobe_reports.words import duration, for_base
from natprobe_tui.host import Host
from natprobe_tui.marks import mark_of

_BOX = 56
_STEM = 6


def families(host: Host) -> tuple[tuple[str, NatBehaviour], ...]:
    """The address families that are known, with what stands between them and the Internet."""
    known = (("IPv4", host.nat.ipv4), ("IPv6", host.nat.ipv6)) if host.nat else ()
    return tuple((family, nat) for family, nat in known if nat is not None)


def sketch(host: Host) -> str:
    """The way in one line: `10.7.0.2 ──[ NAT: symmetric ]── 203.0.113.20`; nothing where none is known."""
    ways = (_way(nat) for _, nat in families(host))
    return clean("   ".join((*ways, *_counted(host.candidates))))


def _way(nat: NatBehaviour) -> str:
    here = nat.local.host if nat.local else "this host"
    if nat.type == "udp-blocked":
        return f"{here} ──╳ UDP gets no answer"
    if nat.mapping == "none":
        return f"{here} ──── Internet (no NAT)"
    return f"{here} ──[ NAT: {nat.type} ]── {nat.mapped.host if nat.mapped else '?'}"


def _counted(candidates: Sequence[Candidate]) -> Iterator[str]:
    kinds = Counter(candidate.type for candidate in candidates)
    if kinds:
        yield "candidates: " + ", ".join(f"{number} {kind}" for kind, number in kinds.items())


def drawing(name: str, family: str, nat: NatBehaviour) -> tuple[str, ...]:
    """The way from this host, called `name`, out through its NAT, a line each from top to bottom."""
    stem = " " * _STEM + "│"
    here = f"  {name}  {nat.local or ''}".rstrip()
    if nat.type == "udp-blocked":
        return (family, here, stem, " " * _STEM + "╳  UDP gets no answer: nothing crosses", stem, "  Internet")
    if nat.mapping == "none":
        return (family, here, stem, f"{stem}  no NAT: {_filter_words(nat)}", stem, "  Internet")
    seen = f"{stem}  servers see {nat.mapped}" if nat.mapped else f"{stem}  how servers see it is not known"
    return (family, here, stem, *_box(nat), seen, stem, "  Internet")


def _box(nat: NatBehaviour) -> Iterator[str]:
    facts = (
        ("type", nat.type),
        ("mapping", nat.mapping),
        ("filtering", nat.filtering),
        *((label, value) for label, value in nat_details(nat) if label != "addresses"),
    )
    yield "  ┌───┴" + "─ NAT ".ljust(_BOX - 4, "─") + "┐"
    for label, value in facts:
        yield "  │" + f" {label:<17}{value}".ljust(_BOX)[:_BOX] + "│"
    yield "  └───┬" + "─" * (_BOX - 4) + "┘"


def _filter_words(nat: NatBehaviour) -> str:
    return "packets get in unasked" if nat.filtering == "endpoint-independent" else f"filtering {nat.filtering}"


def nat_lines(name: str, host: Host, columns: int) -> Iterator[str]:
    """Every family's drawing with what it means, and the checks that it was found by."""
    for family, nat in families(host):
        yield from map(clean, drawing(name, family, nat))
        yield ""
        yield from hanging(f"{family}: ", clean(nat_words(nat)), columns)
        yield ""
    for check in host.checks.values():
        head = clean(f"{mark_of(check.status).text} {check.id:<15} ")
        yield from hanging(head, clean(f"{check.target}: {check.summary}"), columns)


def candidate_lines(host: Host, columns: int) -> Iterator[str]:
    """Each candidate in the order in which it was gathered, then each server that gave none."""
    for found in host.candidates:
        yield from hanging(f"{duration(found.gathered_ms):>9}  ", clean(_candidate_words(found)), columns)
    for missed in host.missed:
        yield from hanging(f"{duration(missed.at_ms):>9}  ", clean(_missed_words(missed)), columns)


def _candidate_words(found: Candidate) -> str:
    related = f"  from {found.related}" if found.related else ""
    by = f" by {found.relay_protocol}" if found.relay_protocol else ""
    url = f"  {found.url}{by}{for_base(found)}" if found.url else ""
    return f"{found.type:<5}  {found.protocol}  {found.address}{related}{url}"


def _missed_words(missed: CandidateError) -> str:
    code = f"{missed.code} " if missed.code is not None else ""
    return f"none   {missed.url}{for_base(missed)}: {code}{missed.text}"
