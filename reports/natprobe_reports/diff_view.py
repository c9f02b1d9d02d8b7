"""How is a difference told? The words that its formats share, and the order: what broke first."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from natprobe.difference import CertificateChange, Change, Difference, Pace, RunSummary, broken
from natprobe.model import Finding
from natprobe_reports.clean import clean
from natprobe_reports.view import CellView
from natprobe_reports.words import VERDICT_WORDS, duration, plural


class Group(NamedTuple):
    """One kind of change: the Difference's field, the word that marks it, and what is said of several."""

    field: str
    word: str
    title: str


GROUPS = (
    Group("broke", "BROKE", "Broke"),
    Group("surfaced", "FAILS", "Fails, and the old run did not tell"),
    Group("still_broken", "still", "Still broken"),
    Group("warned", "warn", "Warns now"),
    Group("mended", "mended", "Mended"),
    Group("told", "told", "Works now, and the old run did not tell"),
    Group("cleared", "clear", "Warns no more"),
    Group("untold", "?", "No longer told"),
    Group("new_checks", "new", "New checks"),
    Group("gone_checks", "gone", "Gone checks"),
)
SINGLE = frozenset({"broke", "surfaced", "still_broken", "warned", "mended"})
"""Told one by one; the other kinds in one line a cell."""
_COUNTED = (
    ("broke", "more broken"),
    ("mended", "mended"),
    ("surfaced", "failing without having been told before"),
    ("still_broken", "still broken"),
    ("warned", "warning now"),
    ("slower", "slower"),
    ("faster", "faster"),
    ("untold", "no longer told"),
    ("new_checks", "new"),
    ("gone_checks", "gone"),
)


class CellChanges(NamedTuple):
    """Changes of one kind at one place."""

    place: str
    ids: tuple[str, ...]
    summary: str
    """Of the first of them."""


def changes(difference: Difference, group: Group) -> tuple[Change, ...]:
    """The changes of one kind."""
    found: tuple[Change, ...] = getattr(difference, group.field)
    return found


def culprit(difference: Difference) -> str:
    """The sentence beside the word: what broke, else what fails, else that nothing did."""
    if difference.broke:
        return _of_change(difference.broke[0]) + _counted(difference, "broke")
    if difference.surfaced:
        tail = _counted(difference, "surfaced")
        return f"nothing that worked broke, but this fails: {_of_change(difference.surfaced[0])}{tail}"
    return f"nothing broke: {plural(difference.unchanged, 'check')} ended as before{_counted(difference, '')}"


def headword(difference: Difference) -> str:
    """BROKE, FAILS, MENDED or SAME."""
    words = (("broke", "BROKE"), ("surfaced", "FAILS"), ("mended", "MENDED"))
    return next((word for field, word in words if getattr(difference, field)), "SAME")


def _of_change(change: Change) -> str:
    said = change.findings[0].title if change.findings else change.now_summary or "no result"
    return f"{said} ({change.id} of {place(change)})"


def _counted(difference: Difference, told: str) -> str:
    """How much of everything there is, without the one change that has been told."""
    counts = [
        f"{number} {words}"
        for field, words in _COUNTED
        if (number := len(getattr(difference, field)) - (field == told)) > 0
    ]
    return f"; {', '.join(counts)}" if counts else ""


def place(where: Change | Pace) -> str:
    """Target, transport and address in words; where the address changed, the old one too."""
    words = CellView(where.target, where.transport, where.address, ()).place
    moved = f" (was {where.old_address})" if isinstance(where, Change) and where.old_address else ""
    return f"{where.asked or where.target} {words}".rstrip() + moved


def by_cell(found: Iterable[Change]) -> tuple[CellChanges, ...]:
    """The changes, those of one cell together."""
    cells: dict[str, list[Change]] = {}
    for change in found:
        cells.setdefault(place(change), []).append(change)
    return tuple(
        CellChanges(where, tuple(change.id for change in group), group[0].now_summary or group[0].was_summary or "")
        for where, group in cells.items()
    )


def pace_sentence(pace: Pace) -> str:
    """What got slower or faster, from how many samples, and how sure that is."""
    what = f"{pace.check} took" if pace.check else "round trip"
    samples = f"medians of {pace.was_samples} and {pace.now_samples}" if pace.was_samples + pace.now_samples > 2 else ""
    sure = samples if pace.proven else ", ".join(filter(None, (samples or "one sample each", "in these two runs")))
    return f"{place(pace)}: {what} {duration(pace.was_ms)} -> {duration(pace.now_ms)} ({sure})"


def certificate_sentence(change: CertificateChange) -> str:
    """How long the certificate lasts, and how long it did."""
    where = f"{change.name} ({', '.join(change.places)})"
    left = f"{_ends(change.days_left)} ({change.not_after})"
    if change.what == "nearer":
        return f"{where}: {left}; {change.was_days_left} days were left before"
    return f"{where}: {change.what}, {left}; the one before ended {change.was_not_after}"


def _ends(days: int) -> str:
    return f"ended {plural(-days, 'day')} ago" if days < 0 else f"ends in {plural(days, 'day')}"


def run_sentence(run: RunSummary) -> str:
    """One of the two runs in a line."""
    host = f" from {run.hostname}" if run.hostname else ""
    return (
        f"{VERDICT_WORDS[run.verdict]}, {plural(run.checks, 'check')}, natprobe {run.natprobe} {run.command}{host}, "
        f"{run.started or 'at an unknown time'}"
    )


def finding_sentence(finding: Finding) -> str:
    """A finding that came or went."""
    where = f" ({finding.target})" if finding.target else ""
    return f"{finding.severity}: {finding.title} [{finding.id}]{where}"


def exit_meaning(difference: Difference) -> str:
    """The exit code of `natprobe diff`, and what it means."""
    if difference.broke:
        return "exit code 1: something broke"
    return "exit code 0: nothing broke" + (" (with --strict: 1)" if broken(difference, strict=True) else "")


def cleaned(difference: Difference) -> Difference:
    """`difference` with every string in it fit for a terminal, for XML and for Markdown."""
    return msgspec.convert(_clean(msgspec.to_builtins(difference)), Difference)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {name: _clean(item) for name, item in value.items()}
    return value
