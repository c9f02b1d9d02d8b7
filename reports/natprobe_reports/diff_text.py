"""A difference for people: what broke first, with its cause and its fix; then what else is not as it was."""

from collections.abc import Iterator

from natprobe.difference import Change, Difference
from natprobe.model import Finding, Status
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
from natprobe_reports.layout import columns, finish, hanging, wrap
from natprobe_reports.style import Style
from natprobe_reports.words import STATUS_WORDS

_WORD_COLUMNS = 8
_RED, _GREEN = "31", "32"
_COLOURS = {"BROKE": _RED, "FAILS": _RED, "mended": _GREEN, "MENDED": _GREEN, "SAME": _GREEN}


def render(difference: Difference, style: Style) -> str:
    """The difference as plain text, in blocks with an empty line between them."""
    difference = cleaned(difference)
    blocks = (
        _labelled(headword(difference), culprit(difference), style),
        *(list(_group(difference, group, style)) for group in GROUPS),
        _paces(difference, style),
        _lines("cert", (certificate_sentence(each) for each in difference.certificates), style),
        _lines("host", (f"{each.what}: {each.was} -> {each.now}" for each in difference.host), style),
        *_findings(difference, style),
        _closing(difference, style),
    )
    lines = [line for block in blocks if block for line in (*block, "")]
    return finish(lines[:-1], style)


def _group(difference: Difference, group: Group, style: Style) -> Iterator[str]:
    found = changes(difference, group)
    if group.field in SINGLE:
        explained: set[tuple[str, str]] = set()
        for change in found:
            yield from _labelled(group.word, f"{change.id} of {place(change)}", style)
            yield from _was_and_now(change, style)
            yield from _explained(change, explained, style)
        return
    for cell in by_cell(found):
        said = f": {cell.summary}" if group.field == "untold" else ""
        yield from _labelled(group.word, f"{cell.place}: {', '.join(cell.ids)}{said}", style)


def _was_and_now(change: Change, style: Style) -> Iterator[str]:
    if change.was is not None and change.was is not change.now:
        yield from _sentence("was:", f"{_status(change.was)}, {change.was_summary}", style)
    if change.now is not None:
        yield from _sentence("now:", f"{_status(change.now)}, {change.now_summary}", style)


def _explained(change: Change, told: set[tuple[str, str]], style: Style) -> Iterator[str]:
    """The findings behind it, each once."""
    for finding in change.findings:
        if (finding.id, finding.title) in told:
            continue
        told.add((finding.id, finding.title))
        yield from _finding(finding, style)


def _finding(finding: Finding, style: Style) -> Iterator[str]:
    yield from _sentence("why:", f"{finding.title}. {finding.cause}", style)
    yield from _sentence("fix:", finding.fix, style)
    yield " " * _WORD_COLUMNS + f"more: natprobe explain {finding.id}"


def _paces(difference: Difference, style: Style) -> list[str]:
    lines = _lines("slower", map(pace_sentence, difference.slower), style)
    lines += _lines("faster", map(pace_sentence, difference.faster), style)
    return [*lines, *hanging(" " * _WORD_COLUMNS, f"({difference.noise_rule})", columns(style))] if lines else []


def _findings(difference: Difference, style: Style) -> Iterator[list[str]]:
    """What came and went; of what came, only what no change above has told, unless everything is asked for."""
    told = {
        (each.id, each.target) for group in GROUPS for change in changes(difference, group) for each in change.findings
    }
    came = [each for each in difference.findings_came if style.verbose or (each.id, each.target) not in told]
    shown = ("error", "warning", "info") if style.verbose else ("error", "warning")
    yield _lines("came", (finding_sentence(each) for each in came if each.severity in shown), style)
    yield _lines("went", (finding_sentence(each) for each in difference.findings_went if each.severity in shown), style)


def _closing(difference: Difference, style: Style) -> list[str]:
    told = (
        *_lines("note", difference.notes, style),
        *_labelled("old", run_sentence(difference.old), style),
        *_labelled("new", run_sentence(difference.new), style),
        *wrap(f"{difference.unchanged} unchanged; {exit_meaning(difference)}", columns(style)),
    )
    return list(told)


def _lines(word: str, sentences: "Iterator[str] | tuple[str, ...]", style: Style) -> list[str]:
    return [line for sentence in sentences for line in _labelled(word, sentence, style)]


def _labelled(word: str, text: str, style: Style) -> list[str]:
    first, *rest = hanging(f"{word:<{_WORD_COLUMNS - 1}} ", text, columns(style))
    colour = _COLOURS.get(word) if style.colour else None
    return [f"\x1b[{colour}m{word}\x1b[0m{first[len(word) :]}" if colour else first, *rest]


def _sentence(word: str, text: str, style: Style) -> list[str]:
    return hanging(f"{'':<{_WORD_COLUMNS}}{word} ", text, columns(style))


def _status(status: Status) -> str:
    return STATUS_WORDS[status] if status not in (Status.SKIP, Status.INCONCLUSIVE) else status.value
