"""A difference as Markdown, for the summary of a CI job or a comment: what broke, why, what to do; then the rest."""

from collections.abc import Iterable, Iterator

from natprobe.difference import Change, Difference
from natprobe_reports.diff_view import (
    GROUPS,
    SINGLE,
    Group,
    by_cell,
    certificate_sentence,
    changes,
    cleaned,
    culprit,
    exit_meaning,
    finding_sentence,
    headword,
    pace_sentence,
    place,
    run_sentence,
)
from natprobe_reports.markdown_text import code, escaped, sentence
from natprobe_reports.style import Style
from natprobe_reports.words import STATUS_WORDS

_TABLE = "| check | at | was | now |\n| --- | --- | --- | --- |\n"


def render(difference: Difference, style: Style) -> str:
    """The difference as Markdown, in paragraphs with an empty line between them."""
    difference = cleaned(difference)
    blocks = (
        f"## {headword(difference)}: {sentence(culprit(difference))}",
        *(block for group in GROUPS for block in _group(difference, group)),
        *_paces(difference),
        *_listed("Certificates", map(certificate_sentence, difference.certificates)),
        *_listed("This host", (f"{each.what}: {each.was} -> {each.now}" for each in difference.host)),
        *_findings(difference, style),
        *_listed("Notes", difference.notes),
        _closing(difference),
    )
    return "\n\n".join(blocks) + "\n"


def _group(difference: Difference, group: Group) -> Iterator[str]:
    found = changes(difference, group)
    if not found:
        return
    yield f"### {group.title}"
    if group.field not in SINGLE:
        yield "\n".join(f"- {escaped(cell.place)}: {' '.join(map(code, cell.ids))}" for cell in by_cell(found))
        return
    yield _TABLE + "\n".join(map(_row, found))
    if remedies := tuple(_remedies(found)):
        yield "\n".join(remedies)


def _row(change: Change) -> str:
    was = f"{STATUS_WORDS[change.was]}: {change.was_summary}" if change.was else "not made"
    now = f"{STATUS_WORDS[change.now]}: {change.now_summary}" if change.now else "not made"
    return f"| {code(change.id)} | {escaped(place(change))} | {sentence(was)} | {sentence(now)} |"


def _remedies(found: tuple[Change, ...]) -> Iterator[str]:
    explained = {(each.id, each.title): each for change in found for each in change.findings}
    for finding in explained.values():
        more = code(f"natprobe explain {finding.id}")
        yield f"- **{sentence(finding.title)}.** {sentence(finding.cause)} Fix: {sentence(finding.fix)} More: {more}"


def _paces(difference: Difference) -> Iterator[str]:
    yield from _listed("Slower", map(pace_sentence, difference.slower))
    yield from _listed("Faster", map(pace_sentence, difference.faster))
    if difference.slower or difference.faster:
        yield escaped(f"Rule: {difference.noise_rule}")


def _findings(difference: Difference, style: Style) -> Iterator[str]:
    shown = ("error", "warning", "info") if style.verbose else ("error", "warning")
    for title, found in (
        ("Findings that came", difference.findings_came),
        ("Findings that went", difference.findings_went),
    ):
        yield from _listed(title, (finding_sentence(each) for each in found if each.severity in shown))


def _listed(title: str, sentences: Iterable[str]) -> Iterator[str]:
    lines = [f"- {sentence(text)}" for text in sentences]
    if lines:
        yield f"### {title}"
        yield "\n".join(lines)


def _closing(difference: Difference) -> str:
    told = (
        f"old: {run_sentence(difference.old)}",
        f"new: {run_sentence(difference.new)}",
        f"{difference.unchanged} unchanged",
        exit_meaning(difference),
    )
    return escaped(" · ".join(told))
