"""The report as one HTML file: no network, no font, no script needed to read it; light, dark, printed, at any width."""

from collections.abc import Sequence

from natprobe.model import Report
from natprobe.trend import Trend
from natprobe_reports.clean import clean, clean_report
from natprobe_reports.html.engine import page_text
from natprobe_reports.html.overtime import trend_page
from natprobe_reports.html.page import page_of
from natprobe_reports.html.several import Pair, several_of
from natprobe_reports.style import PLAIN, Style

__all__ = ["Pair", "render", "render_many", "render_trend"]


def render(report: Report, style: Style = PLAIN) -> str:
    """The report as a page; `style.verbose` unfolds what is healthy."""
    page = page_of(clean_report(report), verbose=style.verbose)
    return page_text("report.html.j2", page=page)


def render_many(reports: Sequence[tuple[str, Report]], pairs: Sequence[Pair], style: Style = PLAIN) -> str:
    """The reports of several hosts, each with the name that it goes by, and what becomes of calls between them.

    A pair's `a` and `b` count in `reports`, from 0. Pairs that are missing are shown as not known.
    """
    named = tuple((clean(name), clean_report(report)) for name, report in reports)
    return page_text("several.html.j2", page=several_of(named, pairs, verbose=style.verbose))


def render_trend(trend: Trend) -> str:
    """Kept reports over time: verdicts, states, round trips and loss. Raises ValueError where there is no run."""
    return page_text("trend.html.j2", page=trend_page(trend))
