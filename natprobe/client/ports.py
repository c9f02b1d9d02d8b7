"""What do the ports of one host answer? One answer a port, and neighbours that answer alike told as one run."""

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from natprobe.net.trouble import Reason, Trouble

PortWord = Literal["open", "refused", "rejected", "unreachable", "silent", "no-route", "untold"]
"""open: a service took the connection, or answered.

refused: the host itself says that nothing listens (TCP reset; over UDP ICMP port unreachable).
rejected: a firewall says no by ICMP. unreachable: a router knows no way, by ICMP.
silent: nothing came back. no-route: this host has no way there. untold: for another reason this host did not ask.
"""
Ranges = tuple[tuple[int, int], ...]

MOST_PORTS = 512
"""So many ports of a target are asked one by one; of more, an even choice of so many."""

_SLOWEST_PER_S = 40.0
"""Where every port is silent: so many at once, each for its whole time."""

SURVEY_FROM = 17
"""Of a range so large nobody expects every port to listen."""

_FILTERS = {(3, 9), (3, 10), (3, 13), (1, 1), (1, 5), (1, 6)}
"""ICMP type and code by which filters say no (RFC 1812 section 5.2.7.1; RFC 4443 section 3.1)."""


class PortAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one port answered."""

    port: int
    word: PortWord
    detail: str = ""
    """A sentence for the operator, where something else than an answer came."""
    sends: int | None = None
    """How often it was asked; None where only this host's system knows."""
    waited_ms: float | None = None
    """How long a silence was listened to."""
    rtt_ms: float | None = None
    service: str | None = None
    """Who answered, as its words prove; None where it said nothing that is known."""
    says: str | None = None
    """How its words begin, in print."""


class PortRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Ports that lie side by side among those asked, and answer alike; `answer` is the first one's."""

    first: int
    last: int
    asked: int
    answer: PortAnswer

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


def runs(answers: Iterable[PortAnswer], ranges: Ranges, left: Iterable[int] = ()) -> tuple[PortRun, ...]:
    """`answers` as runs, ascending; none reaches from one of the `ranges` into another, or over a port that is left."""
    found: list[PortRun] = []
    starts = {first for first, _ in ranges}
    known = {answer.port: answer for answer in answers}
    goes_on = False
    for port in sorted({*known, *left}):
        answer = known.get(port)
        if answer is None:
            goes_on = False
        elif goes_on and port not in starts and _alike(found[-1].answer, answer):
            found[-1] = msgspec.structs.replace(found[-1], last=port, asked=found[-1].asked + 1)
        else:
            found.append(PortRun(first=port, last=port, asked=1, answer=answer))
            goes_on = True
    return tuple(found)


def _alike(one: PortAnswer, other: PortAnswer) -> bool:
    return (one.word, one.service) == (other.word, other.service)


def count(ranges: Ranges) -> int:
    """How many ports the ranges hold."""
    return sum(last - first + 1 for first, last in ranges)


def longest_s(ranges: Ranges, *, every: bool) -> float:
    """How long it takes at most to ask `ranges`, all of them silent: `every` port, or a choice of them."""
    asked = count(ranges) if every else min(count(ranges), MOST_PORTS)
    return round(asked / _SLOWEST_PER_S)


def all_ports(ranges: Ranges) -> tuple[int, ...]:
    """Each port, ascending."""
    return tuple(port for first, last in ranges for port in range(first, last + 1))


def chosen(ranges: Ranges, most: int = MOST_PORTS) -> tuple[int, ...]:
    """The ports to ask: all, or of more than `most` an even choice that holds both ends of each range."""
    total = count(ranges)
    if total <= most:
        return all_ports(ranges)
    ends = {port for ends in ranges for port in ends}
    step = total / max(1, most - len(ends))
    inner = {_nth(ranges, int(number * step)) for number in range(max(1, most - len(ends)))}
    return tuple(sorted(ends | inner))


def _nth(ranges: Ranges, index: int) -> int:
    for first, last in ranges:
        if index <= last - first:
            return first + index
        index -= last - first + 1
    raise IndexError(index)


def text(ranges: Ranges) -> str:
    """As a target writes them: 80,60000-60100."""
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def counted(found: Iterable[PortRun]) -> dict[PortWord, int]:
    """How many of the asked ports gave each word."""
    sums: dict[PortWord, int] = {}
    for run in found:
        sums[run.answer.word] = sums.get(run.answer.word, 0) + run.asked
    return sums


def those(found: Iterable[PortRun], *words: PortWord) -> Iterator[PortRun]:
    """The runs with one of these words."""
    return (run for run in found if run.answer.word in words)


def is_wanted(run: PortRun, ranges: Ranges) -> bool:
    """Whether each port of the run is expected to listen: it was named, by itself or in a small range."""
    first, last = range_of(run, ranges)
    return last - first + 1 < SURVEY_FROM


def range_of(run: PortRun, ranges: Ranges) -> tuple[int, int]:
    """The range of the target that holds the run."""
    return next(each for each in ranges if each[0] <= run.first <= each[1])


def word_of(trouble: Trouble, transport: Literal["udp", "tcp"]) -> PortWord:
    """What `trouble` says of a port that was asked over `transport`."""
    if trouble.icmp_type is None:
        return _WORDS.get(trouble.reason, "untold")
    if (trouble.icmp_type, trouble.icmp_code) in _FILTERS:
        return "rejected"
    if trouble.reason is Reason.REFUSED:  # no host answers TCP with port unreachable: that is a firewall's REJECT
        return "rejected" if transport == "tcp" else "refused"
    return "unreachable" if trouble.reason is Reason.UNREACHABLE else "untold"


_WORDS: dict[Reason, PortWord] = {
    Reason.REFUSED: "refused",
    Reason.UNREACHABLE: "unreachable",
    Reason.SILENT: "silent",
    Reason.NO_ROUTE: "no-route",
}
