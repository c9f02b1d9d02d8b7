"""The report for people: the culprit first, then the ladders, then what to do, then the count.

Written for somebody who is woken at night: line one can be read out on the telephone, every status is a word that
needs no colour, and what was refused, what was silent and what was never asked do not look alike.
"""

from natprobe.model import Report, Status, Verdict
from natprobe_reports.causes import totals
from natprobe_reports.clean import clean_report
from natprobe_reports.culprit import culprit
from natprobe_reports.layout import columns, finish, hanging, verdict_word, wrap
from natprobe_reports.style import Style
from natprobe_reports.text_findings import findings_lines, shown
from natprobe_reports.text_ladder import ladder_lines
from natprobe_reports.text_network import network_lines
from natprobe_reports.words import VERDICT_WORDS, counts, duration, exit_meaning


def render(report: Report, style: Style) -> str:
    """The report as plain text, in blocks with an empty line between them."""
    report = clean_report(report)
    blocks = (
        _headline(report, style),
        *ladder_lines(report, style),
        *network_lines(report, style),
        *findings_lines(report, style),
        _closing(report, style),
    )
    lines = [line for block in blocks if block for line in (*block, "")]
    return finish(lines[:-1], style)


def _headline(report: Report, style: Style) -> list[str]:
    word = VERDICT_WORDS[report.verdict]
    sentence = culprit(report)
    first, *rest = hanging(f"{word}  ", sentence, columns(style))
    lines = [verdict_word(report.verdict, style) + first[len(word) :], *rest]
    if report.interrupted and "interrupted after" not in sentence:
        told = f"Interrupted after {duration(report.duration_ms)}: what follows is what was found until then."
        lines += wrap(told, columns(style))
    return lines


def _closing(report: Report, style: Style) -> list[str]:
    limit = f" of at most {duration(report.deadline_ms)}" if report.deadline_ms is not None else ""
    told = (
        f"{counts(report.checks)} · {totals(report, shown(style))}",
        f"{exit_meaning(report)} · {duration(report.duration_ms)}{limit}",
        _origin(report),
    )
    return [*(line for text in told for line in wrap(text, columns(style))), *_limits(report, style)]


def _origin(report: Report) -> str:
    vantage = report.vantage
    addresses = f" ({', '.join(vantage.addresses)})" if vantage.addresses else ""
    where = f" from {vantage.hostname}{addresses}" if vantage.hostname else ""
    name = " ".join(filter(None, ("natprobe", report.natprobe, report.command)))
    return f"{name}{where}, {report.started or 'at an unknown time'}"


def _limits(report: Report, style: Style) -> list[str]:
    """What this host cannot observe matters where something stayed open, or where silence may be a refusal."""
    opened = report.verdict in {Verdict.INCONCLUSIVE, Verdict.FAIL} or any(
        check.status is Status.INCONCLUSIVE for check in report.checks
    )
    if not (style.verbose or opened):
        return []
    return [line for limit in report.vantage.limits for line in hanging("limit: ", limit, columns(style))]
