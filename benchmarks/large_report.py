"""How soon is a report of 1000 checks there? The limits: JSON in 0.5 s, HTML open in Chromium in 2 s.

    python -m benchmarks.large_report

JSON is timed inside the process, from the report to the text; HTML from the text's file to the page's load event in a
headless Chromium, and from a word in its search field to what was found.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.show import Row, arguments, show
from natprobe_reports import PLAIN, RENDERERS
from tests.lab import ability
from tests.reports.browser import Tab, browser
from tests.reports.test_html_report import many

CELLS, CHECKS_EACH = 91, 11
JSON_LIMIT_S, HTML_LIMIT_S = 0.5, 2.0
_SEARCH = "void (filter.value = 'turn7.example.org', filter.dispatchEvent(new Event('input')))"


def main() -> None:
    """Measures and prints."""
    told = arguments(__doc__, runs=7)
    if (why := ability.missing("chromium")) is not None:
        sys.exit(why)
    report = many(CELLS)
    formats = ("json", "html", "junit", "markdown", "text", "openmetrics")
    rows = [_row(f"write {form}", told.runs, partial(RENDERERS[form], report, PLAIN)) for form in formats]
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "large.html"
        page.write_text(RENDERERS["html"](report, PLAIN), encoding="utf-8")
        with browser(Path(folder) / "profile") as chromium, chromium.tab() as tab:
            rows.append(_row("open html in Chromium", told.runs, lambda: tab.open(page)))
            rows.append(_row("find in html", told.runs, lambda: _find(tab)))
    show(rows, as_json=told.json)


def _find(tab: Tab) -> None:
    tab.ask("void (found.value = '')")
    tab.ask(_SEARCH)
    tab.until(f"found.value === '{CHECKS_EACH} checks found'")


def _row(name: str, runs: int, work: Callable[[], object]) -> Row:
    taken: list[float] = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    limit = {"write json": JSON_LIMIT_S, "open html in Chromium": HTML_LIMIT_S}.get(name)
    return {"of 1001 checks": name, "s": statistics.median(taken), "worst": max(taken), "limit": limit}


if __name__ == "__main__":
    main()
