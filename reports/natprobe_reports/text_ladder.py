"""Each target's cells as ladders: one line a check, and what was not tested in one line a cause."""

from natprobe.model import Check, Report, Status, Verdict
from natprobe_reports.layout import columns, hanging, mark, wrap
from natprobe_reports.style import Style
from natprobe_reports.view import CellView, NotTested, made, not_tested, opens_group, state, targets
from natprobe_reports.words import STATUS_WORDS, duration

_INDENT = "    "
_MARK_COLUMNS = len(f"{STATUS_WORDS[Status.FAIL]:<5}") + 1
_MOST_ID_COLUMNS = 18
_MOST_FULL_CELLS = 4
_LEAST_SUMMARY_COLUMNS = 24
_TOOK_COLUMNS = len("  1000 ms")


def ladder_lines(report: Report, style: Style) -> list[list[str]]:
    """One block a target, and one before each group of targets."""
    views = targets(report)
    cells = sum(len(target.cells) for target in views)
    crowded = not style.verbose and (report.verdict is not Verdict.PASS or cells > _MOST_FULL_CELLS)
    blocks = []
    for index, target in enumerate(views):
        if opens_group(views, index):
            blocks.append(wrap(f"[{target.group}]", columns(style)))
        rungs = (line for cell in target.cells for line in _cell(cell, style, crowded))
        blocks.append([*wrap(target.asked, columns(style)), *rungs])
    return blocks


def _cell(cell: CellView, style: Style, crowded: bool) -> list[str]:  # noqa: FBT001
    if crowded and cell.healthy and len(cell.asked) > 1:
        return [*_heading(cell, style), *_compact(cell, style)]
    id_columns = min(max(len(check.id) for check in cell.checks), _MOST_ID_COLUMNS)
    rungs = [line for check in made(cell) for line in _rung(check, id_columns, style)]
    skipped = [line for gap in not_tested(cell) for line in _gap(gap, style)]
    return [*_heading(cell, style), *rungs, *skipped]


def _heading(cell: CellView, style: Style) -> list[str]:
    return hanging("  ", f"{cell.place}: {state(cell)}", columns(style)) if cell.place else []


def _compact(cell: CellView, style: Style) -> list[str]:
    rungs = ", ".join(f"`{check.id} {duration(check.duration_ms)}`" for check in cell.asked)
    head = f"{_INDENT}{STATUS_WORDS[Status.PASS]:<5} "
    lines = [line.replace("`", "") for line in hanging(head, rungs, columns(style))]
    return [_INDENT + mark(Status.PASS, style) + lines[0][len(head) - 1 :], *lines[1:]]


def _rung(check: Check, id_columns: int, style: Style) -> list[str]:
    took = "" if check.status is Status.SKIP else duration(check.duration_ms)
    head = f"{'':<{len(_INDENT) + _MARK_COLUMNS}}{check.id:<{id_columns}}  "
    room = columns(style) - len(head) - _TOOK_COLUMNS
    if room < _LEAST_SUMMARY_COLUMNS:
        told = [_ended_with(head.rstrip(), took, style), *hanging(" " * 10, check.summary, columns(style))]
    else:
        first, *rest = wrap(check.summary, room)
        told = [_ended_with(head + first, took, style), *(" " * len(head) + line for line in rest)]
    return [f"{_INDENT}{mark(check.status, style)} {told[0][len(_INDENT) + _MARK_COLUMNS :]}".rstrip(), *told[1:]]


def _ended_with(line: str, took: str, style: Style) -> str:
    """`line` with its duration at the right margin."""
    return line + took.rjust(max(columns(style) - len(line), len(took) + 2)) if took else line


def _gap(gap: NotTested, style: Style) -> list[str]:
    head = f"{_INDENT}{STATUS_WORDS[Status.SKIP]:<5} "
    lines = hanging(head, f"not tested, because {gap.cause}: {', '.join(gap.ids)}", columns(style))
    return [_INDENT + mark(Status.SKIP, style) + lines[0][len(head) - 1 :], *lines[1:]]
