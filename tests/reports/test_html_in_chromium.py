"""Is the page a page to a real browser: no complaint, no request, nothing cut off at any width, and usable?"""

import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from natprobe.trend import trend
from natprobe_reports import PLAIN, RENDERERS
from natprobe_reports.html import render_trend
from tests.reports.browser import Browser, Tab, browser
from tests.reports.example_hosts import several_hosts
from tests.reports.example_reports import EXAMPLES, certificate_expired, relay_range_closed
from tests.reports.html_tree import Page
from tests.reports.test_hostile_strings import HOSTILE, report_of
from tests.reports.test_html_report import many
from tests.reports.test_trend_html import many_runs

pytestmark = pytest.mark.chromium

ROOT = Path(__file__).parents[2]
WIDTHS = (360, 800, 1400)
LOUD = '<img src="http://192.0.2.1/a.png"><script>console.log(1)</script><style>@import "http://192.0.2.1/b";</style>'
SHOWN = "[...document.querySelectorAll('.rung')].filter(each => each.checkVisibility()).length"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    profile = tmp_path_factory.mktemp("profile")
    with browser(profile) as running:
        yield running


@pytest.fixture(scope="module")
def tab(chromium: Browser) -> Iterator[Tab]:
    with chromium.tab() as opened:
        yield opened


@pytest.fixture
def without_script(tab: Tab) -> Iterator[Tab]:
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    yield tab
    tab.call("Emulation.setScriptExecutionDisabled", value=False)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every example, the page of several hosts, hostile ones, and a large one."""
    folder = tmp_path_factory.mktemp("pages")
    texts = {name: RENDERERS["html"](make(), PLAIN) for name, make in EXAMPLES.items()}
    texts["several"] = several_hosts()
    texts["trend"] = render_trend(many_runs())
    texts["trend-of-one"] = render_trend(trend([certificate_expired()]))
    texts["trend-hostile"] = render_trend(trend(report_of(text) for text in (*HOSTILE, LOUD)))
    texts["large"] = RENDERERS["html"](many(91), PLAIN)
    texts["loud"] = RENDERERS["html"](report_of(LOUD), PLAIN)
    texts |= {f"hostile-{number}": RENDERERS["html"](report_of(text), PLAIN) for number, text in enumerate(HOSTILE)}
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in texts}


TRENDS = ("trend", "trend-of-one", "trend-hostile")
NAMES = (*EXAMPLES, *TRENDS, "several", "large", "loud", *(f"hostile-{number}" for number in range(len(HOSTILE))))


@pytest.mark.parametrize("name", NAMES)
def test_a_page_asks_for_nothing_fits_every_width_and_is_read_as_it_was_written(
    name: str, pages: dict[str, Path], tab: Tab
) -> None:
    tab.open(pages[name], width=WIDTHS[-1])
    assert tab.requests() == [pages[name].as_uri()]
    for width in WIDTHS:
        tab.resize(width)
        assert tab.ask("document.documentElement.scrollWidth") <= width
    assert tab.complaints() == []
    written = [element.tag.lower() for element in Page(pages[name].read_text(encoding="utf-8")).elements]
    assert tab.ask("[...document.querySelectorAll('*')].map(each => each.localName.toLowerCase())") == written
    assert tab.ask("document.compatMode") == "CSS1Compat"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_follows_the_readers_choice_of_light_or_dark(dark: bool, pages: dict[str, Path], tab: Tab) -> None:  # noqa: FBT001
    tab.open(pages["healthy"], dark=dark)
    channels = tab.ask("getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)")
    assert (max(channels) < 60) is dark
    assert tab.screenshot().startswith(b"\x89PNG")


def test_the_script_runs_under_the_policy_and_finds(pages: dict[str, Path], tab: Tab) -> None:
    tab.open(pages["large"])
    assert tab.ask("document.querySelector('.tools').checkVisibility()")
    tab.ask("void (filter.value = 'turn7.example.org', filter.dispatchEvent(new Event('input')))")
    tab.until("found.value === '11 checks found'")
    assert tab.ask(SHOWN) == 11
    tab.ask("void (filter.value = '', trouble.click(), filter.dispatchEvent(new Event('input')))")
    tab.until("found.value === '1 check found'")
    assert tab.complaints() == []


def test_a_link_to_folded_evidence_unfolds_it(pages: dict[str, Path], tab: Tab) -> None:
    tab.open(pages["relay-range-closed"])
    assert not tab.ask("document.querySelector('pre').checkVisibility()")
    tab.ask("document.querySelector('.rung .id a').click()")
    tab.until("document.querySelector('pre').checkVisibility()")


def test_without_a_script_everything_is_still_there(pages: dict[str, Path], without_script: Tab) -> None:
    without_script.open(pages["certificate-expired"])
    tree = without_script.call("Accessibility.getFullAXTree")["nodes"]
    names = " ".join(str(node.get("name", {}).get("value", "")) for node in tree)
    assert "The certificate of turn.example.org has expired" in names
    assert "Renew it (" in names


def test_a_screen_reader_finds_landmarks_headings_and_names(pages: dict[str, Path], tab: Tab) -> None:
    tab.open(pages["several"])
    tree = [node for node in tab.call("Accessibility.getFullAXTree")["nodes"] if not node["ignored"]]
    roles = [node["role"]["value"] for node in tree]
    assert {"banner", "navigation", "main", "search", "region", "table", "rowheader", "columnheader"} <= set(roles)
    speaking = {"heading", "link", "button", "searchbox", "checkbox", "img", "region", "navigation"}
    assert [node for node in tree if node["role"]["value"] in speaking and not node["name"]["value"]] == []
    levels = tab.ask("[...document.querySelectorAll('h1,h2,h3,h4,h5')].map(each => Number(each.localName[1]))")
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_every_control_is_reached_by_the_tabulator(pages: dict[str, Path], tab: Tab) -> None:
    tab.open(pages["relay-range-closed"])
    reached = set()
    for _ in range(12):
        for kind in ("rawKeyDown", "keyUp"):
            tab.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
        reached.add(tab.ask("document.activeElement.localName"))
    assert {"a", "input", "button"} <= reached


def test_a_mark_of_a_run_says_when_it_was_and_is_seen_whole(pages: dict[str, Path], tab: Tab) -> None:
    tab.open(pages["trend"], width=WIDTHS[0])
    assert tab.ask("document.querySelector('.strip .dot.fail title').textContent").startswith("2026-11-09 03:00:00 UTC")
    drawn = "const box = document.querySelector('.strip .dot.fail use').getBoundingClientRect(); box.width > 10"
    assert tab.ask(f"(() => {{ {drawn.replace('box.width', 'return box.width')} }})()")
    middle = "[...document.querySelectorAll('.axis .middle')].filter(each => each.checkVisibility()).length"
    assert tab.ask(middle) == 0
    tab.resize(WIDTHS[-1])
    assert tab.ask(middle) > 0


def test_folded_ladders_are_printed_and_tools_are_not(pages: dict[str, Path], tab: Tab) -> None:
    tab.open(pages["certificate-expired"])
    folded = "document.querySelector('.cell:not([open]) .rung').checkVisibility()"
    assert not tab.ask(folded)
    tab.call("Emulation.setEmulatedMedia", media="print")
    assert tab.ask(folded)
    assert not tab.ask("document.querySelector('.tools').checkVisibility()")
    assert tab.call("Page.printToPDF", printBackground=True)["data"].startswith("JVBERi0")


def test_the_command_writes_the_page_of_one_and_of_several(tmp_path: Path, tab: Tab) -> None:
    files = []
    for name, report in (("home", certificate_expired()), ("office", relay_range_closed())):
        files.append(tmp_path / f"{name}.json")
        files[-1].write_text(RENDERERS["json"](report, PLAIN), encoding="utf-8")
    for given in (files[:1], files):
        page = tmp_path / f"{len(given)}.html"
        command = [sys.executable, "-m", "natprobe", "report", *map(str, given), "--html", str(page)]
        subprocess.run(command, check=True, cwd=ROOT, env={"PYTHONPATH": f"{ROOT}:{ROOT / 'reports'}"})
        tab.open(page)
        assert tab.complaints() == []
    assert tab.ask("document.querySelectorAll('.matrix tbody tr').length") == 2
