"""The report as Markdown, for the summary of a CI job or a comment: the culprit, what to do, then the ladders.

GitHub's and GitLab's flavour: tables, and `<details>` for a healthy cell beside a broken one.
"""

from html import escape
from textwrap import indent

from natprobe.model import Report, Severity, Status, Verdict
from natprobe_reports.causes import Cause, causes, totals
from natprobe_reports.clean import clean_report
from natprobe_reports.culprit import culprit
from natprobe_reports.markdown_text import code, escaped, sentence
from natprobe_reports.style import Style
from natprobe_reports.text_findings import shown
from natprobe_reports.text_network import network_lines
from natprobe_reports.view import CellView, TargetView, made, not_tested, opens_group, state, targets
from natprobe_reports.words import STATUS_WORDS, VERDICT_WORDS, counts, duration, exit_meaning

_SEVERITY_WORDS: dict[Severity, str] = {"error": "FAIL", "warning": "warn", "info": "note"}
_TABLE = "| | check | result | time |\n| --- | --- | --- | ---: |\n"


def render(report: Report, style: Style) -> str:
    """The report as Markdown, in paragraphs with an empty line between them."""
    report = clean_report(report)
    views = targets(report)
    blocks = (
        f"## {VERDICT_WORDS[report.verdict]}: {sentence(culprit(report))}",
        *(_finding(cause) for cause in causes(report, *shown(style))),
        *(block for index in range(len(views)) for block in _target(report, views, index)),
        *(indent("\n".join(lines), "    ") for lines in network_lines(report, style) if lines),
        _closing(report, style),
    )
    return "\n\n".join(blocks) + "\n"


def _finding(cause: Cause) -> str:
    finding = cause.first
    lines = (
        *(f"At: {escaped(place)}" for place in cause.places),
        *(f"Seen: {sentence(evidence)}" for evidence in cause.evidence),
        f"Cause: {sentence(finding.cause)}",
        f"Fix: {sentence(finding.fix)}",
        f"More: {code(f'natprobe explain {finding.id}')}",
    )
    title = f"### {_SEVERITY_WORDS[finding.severity]}: {sentence(finding.title)}"
    return "\n".join((title, "", *(f"- {line}" for line in lines)))


def _target(report: Report, views: tuple[TargetView, ...], index: int) -> list[str]:
    target = views[index]
    group = [f"## {escaped(target.group or '')}"] if opens_group(views, index) else []
    return [*group, f"### {code(target.asked)}", *(_cell(report, cell) for cell in target.cells)]


def _cell(report: Report, cell: CellView) -> str:
    heading = f"{cell.place}: {state(cell)}" if cell.place else state(cell)
    if cell.healthy and len(cell.asked) > 1 and report.verdict is not Verdict.PASS:
        return f"<details><summary>{escape(heading)}</summary>\n\n{_table(cell)}\n\n</details>"
    return f"{escaped(heading)}\n\n{_table(cell)}"


def _table(cell: CellView) -> str:
    rows = [
        (_word(check.status), code(check.id), sentence(check.summary), duration(check.duration_ms))
        for check in made(cell)
    ]
    rows += [
        (_word(Status.SKIP), " ".join(map(code, gap.ids)), escaped(f"not tested, because {gap.cause}"), "")
        for gap in not_tested(cell)
    ]
    return _TABLE + "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _word(status: Status) -> str:
    return f"**{STATUS_WORDS[status]}**" if status in (Status.FAIL, Status.ERROR) else STATUS_WORDS[status]


def _closing(report: Report, style: Style) -> str:
    vantage = f" from {report.vantage.hostname}" if report.vantage.hostname else ""
    told = (
        counts(report.checks),
        totals(report, shown(style)),
        exit_meaning(report),
        duration(report.duration_ms),
        f"natprobe {report.natprobe}{vantage}, {report.started}",
    )
    return escaped(" · ".join(told))
