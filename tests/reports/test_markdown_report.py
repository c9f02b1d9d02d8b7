"""Does the Markdown show what was meant, and can a server's words become neither markup nor a link?"""

from html import unescape

import msgspec
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from natprobe.model import Report
from natprobe_reports import PLAIN, RENDERERS, Style
from natprobe_reports.markdown_text import code, escaped, sentence
from tests.reports.example_reports import EXAMPLES, certificate_expired, healthy, relay_range_closed

GITHUB = MarkdownIt("gfm-like")

HOSTILE = (
    "*a* _b_ ~~c~~ `d` [e](http://x.example) ![f](g) <script>h</script> <!-- i --> a|b \\| \\ $k$ & &lt;",
    "https://l.example www.m.example @everyone ``n`` `o|p` ``` \\`q\\` `",
)


def rendered(report: Report, style: Style = PLAIN) -> str:
    return RENDERERS["markdown"](report, style)


def flat(tokens: list[Token]) -> list[Token]:
    return [token for outer in tokens for token in (outer, *flat(outer.children or []))]


def shown(markdown: str) -> str:
    """What a reader sees of one paragraph, tags of code left out."""
    html = GITHUB.renderInline(markdown).replace("<code>", "").replace("</code>", "")
    return unescape(html).replace("\u2060", "")


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_table_row_has_four_cells(name: str) -> None:
    tokens = GITHUB.parse(rendered(EXAMPLES[name]()))
    cells = sum(token.type in ("td_open", "th_open") for token in tokens)
    assert cells == 4 * sum(token.type == "tr_open" for token in tokens)


def test_the_headline_is_the_culprit() -> None:
    assert rendered(relay_range_closed()).startswith("## FAIL: The relay works from inside, but 203.0.113.10:49160")


def test_a_fix_keeps_its_command_as_code() -> None:
    codes = [
        token.content for token in flat(GITHUB.parse(rendered(relay_range_closed()))) if token.type == "code_inline"
    ]
    assert "docker run -p 49160-49200:49160-49200/udp coturn/coturn --min-port=49160 --max-port=49200" in codes


def test_a_healthy_cell_beside_a_broken_one_is_folded() -> None:
    assert "<details><summary>over udp at 203.0.113.10:3478: 11 of 11 ok</summary>" in rendered(certificate_expired())
    assert "<details>" not in rendered(healthy())


@pytest.mark.parametrize("text", HOSTILE)
def test_escaped_text_reads_as_it_was(text: str) -> None:
    assert shown(escaped(text)) == text


@pytest.mark.parametrize("text", [*HOSTILE, "plain", "`", "a``b", " a "])
def test_code_reads_as_it_was(text: str) -> None:
    assert shown(code(text)) == text.strip()


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("door", [escaped, code, sentence])
def test_no_door_lets_a_link_an_image_or_foreign_markup_through(text: str, door: object) -> None:
    assert callable(door)
    tokens = flat(GITHUB.parse(f"| a |\n| --- |\n| {door(text)} |\n"))
    assert not [token for token in tokens if token.type in ("link_open", "image", "em_open", "strong_open", "s_open")]
    assert {token.content for token in tokens if token.type.startswith("html")} <= {"<code>", "</code>"}
    assert sum(token.type == "td_open" for token in tokens) == 1


def test_a_mention_notifies_nobody() -> None:
    assert "@everyone" not in escaped("@everyone and root@example.org")
    assert "root@example.org" in escaped("@everyone and root@example.org")


def test_a_report_of_hostile_words_keeps_its_tables() -> None:
    checks = tuple(msgspec.structs.replace(check, summary=" ".join(HOSTILE)) for check in healthy().checks)
    tokens = GITHUB.parse(rendered(msgspec.structs.replace(healthy(), checks=checks)))
    rows = [token for token in tokens if token.type == "tr_open"]
    assert len(rows) == len(checks) + 3
    assert sum(token.type in ("td_open", "th_open") for token in tokens) == 4 * len(rows)
