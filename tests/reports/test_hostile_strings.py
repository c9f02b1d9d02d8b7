"""A server writes its realm, its SOFTWARE and its reason phrases. Can its words leave the place where they stand?"""

import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from natprobe.address import Address
from natprobe.model import (
    Candidate,
    CandidateError,
    Check,
    Finding,
    Nat,
    NatBehaviour,
    Report,
    Status,
    Vantage,
    Verdict,
)
from natprobe_reports import RENDERERS, Style
from natprobe_reports.clean import clean, whole
from natprobe_reports.json import decode

ROOT = Path(__file__).parents[2]

HOSTILE = (
    "coturn\x00\x00 4.6\x7f\x9b2J",
    "\x1b[2J\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b]8;;http://x.example\x1b\\link",
    "]]> <![CDATA[ <script>alert(1)</script> <!-- & &lt; \"quoted\" 'single'",
    "a | b \\| c `d` ``` ~~~ *e* [f](javascript:g) ![h](i) # j",
    "line\nfeed\r\nreturn\x0b\x0c\x85\u2028\u2029end",
    "\u202egnp.exe\u2066 \u2067\u200f \u061c\u200b\ufeff\U000e0041",
    "lone \ud800 and \udcff surrogates, \ufffe \uffff nonsense, \U0001f600 a face",
    "'label'=1;2|perf=3 %0A ::error title=x::y\n::error::z",
    "# HELP x\n# EOF\n\\n\\",
    "",
    " " * 50 + "x" * 500,
    "not tested: it needs turn.allocate",
)
FORBIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2061-\u206f\ufeff\ud800-\udfff\ufffe\uffff]"
)


def report_of(text: str, status: Status = Status.FAIL) -> Report:
    """A report in which every string that a server, a file or a resolver could have written is `text`."""
    address = Address(text, 3478)
    check = Check(
        id=text,
        target=text,
        asked=text,
        address=address,
        transport=text,
        status=status,
        summary=text,
        started_ms=0.0,
        duration_ms=1.0,
        evidence={text: text, "list": [text, {text: [text]}], "more": (text, {"deep": (text,)}), "number": 7},
        findings=(text,),
        facts={text: {text: text}},
    )
    finding = Finding(
        id=text,
        severity="error",
        target=text,
        check=text,
        address=address,
        title=text,
        cause=text,
        fix=text,
        evidence=text,
    )
    warning = msgspec.structs.replace(finding, severity="warning", id="other", target="other")
    return Report(
        natprobe=text,
        command="check",
        started=text,
        duration_ms=1.0,
        verdict=Verdict.FAIL,
        vantage=Vantage(hostname=text, platform=text, addresses=(text,), limits=(text,)),
        checks=(check, msgspec.structs.replace(check, id="turn.reach", status=Status.SKIP), check),
        findings=(finding, warning),
        nat=Nat(ipv4=NatBehaviour(type=text, mapping=text, filtering=text, pooling=text, method=text)),
        candidates=(
            Candidate(
                candidate=text, type="host", protocol="udp", address=address, priority=1, url=text, gathered_ms=1.0
            ),
        ),
        candidate_errors=(CandidateError(url=text, text=text, at_ms=1.0),),
    )


def holds(form: str, text: str) -> None:
    """Fails where `text` is no well-formed `form`."""
    assert not FORBIDDEN.search(text), form
    if form == "json":
        decode(text.encode())
        json.loads(text)
        return
    text.encode()
    if form == "junit":
        root = ET.fromstring(text)  # noqa: S314  our own text
        assert len(list(root.iter("testcase"))) >= 3
    if form == "openmetrics":
        assert list(text_string_to_metric_families(text))  # type: ignore[no-untyped-call]
    if form == "nagios":
        assert text.count("\n") == 1
        assert text.count("|") == 1
    if form == "github":
        assert all(line.startswith(("::error title=", "::warning title=")) for line in text.splitlines())
    if form == "markdown":
        tokens = MarkdownIt("gfm-like").parse(text)
        rows = sum(token.type == "tr_open" for token in tokens)
        assert sum(token.type in ("td_open", "th_open") for token in tokens) == 4 * rows
        html = "".join(token.content for token in tokens if token.type == "html_block")
        assert re.fullmatch(r"(?:<details><summary>[^<>]*</summary>\n|</details>\n)*", html)


@pytest.mark.parametrize("form", RENDERERS)
@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("status", Status)
def test_hostile_words_stay_words_in_every_format(form: str, text: str, status: Status) -> None:
    holds(form, RENDERERS[form](report_of(text, status), Style(verbose=True)))


@pytest.mark.parametrize("form", RENDERERS)
@given(text=st.text(st.characters(codec=None), max_size=60))
@settings(max_examples=60)
def test_any_text_at_all_stays_text_in_every_format(form: str, text: str) -> None:
    holds(form, RENDERERS[form](report_of(text), Style(verbose=True)))


@pytest.mark.parametrize("text", HOSTILE)
def test_colour_is_the_only_escape_sequence_that_a_terminal_gets(text: str) -> None:
    coloured = RENDERERS["text"](report_of(text), Style(colour=True))
    assert not FORBIDDEN.search(re.sub(r"\x1b\[(?:0|2|31|32|33|34)m", "", coloured))


@pytest.mark.parametrize("text", HOSTILE)
def test_json_keeps_every_character_that_it_can_carry(text: str) -> None:
    report = report_of(whole(text))
    assert json.loads(RENDERERS["json"](report_of(text), Style())) == json.loads(RENDERERS["json"](report, Style()))
    assert decode(RENDERERS["json"](report, Style()).encode()).checks[0].summary == whole(text)


@given(st.text(st.characters(codec=None)))
def test_cleaning_twice_is_cleaning_once_and_leaves_one_line(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert len(once.splitlines()) <= 1
    assert not FORBIDDEN.search(once)


def test_letters_of_every_script_stay() -> None:
    text = "Zürich Αθήνα 東京 القاهرة 🏳️"
    assert clean(text) == text


def test_the_rest_of_an_escape_sequence_stays_as_proof() -> None:
    assert clean("\x1b[31mred") == "[31mred"


@pytest.mark.parametrize(
    ("form", "absent"),
    [
        ("text", ("prometheus_client", "xml.etree", "jinja2")),
        ("json", ("prometheus_client", "xml.etree", "natprobe_reports.text")),
        (None, ("msgspec", "natprobe.model", "prometheus_client", "xml.etree", "natprobe_reports.text")),
    ],
)
def test_a_format_loads_no_more_than_it_needs(form: str | None, absent: tuple[str, ...]) -> None:
    use = f"from natprobe.fold import EMPTY; RENDERERS[{form!r}](EMPTY, PLAIN)" if form else ""
    code = f"import sys; from natprobe_reports import PLAIN, RENDERERS; {use}\nprint(*sorted(sys.modules))"
    path = {"PYTHONPATH": f"{ROOT}:{ROOT / 'reports'}"}
    done = subprocess.run([sys.executable, "-c", code], env=path, capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & set(absent)
