"""Does the page say what was found, in the right order, and does every word of a server stay a word?"""

import base64
import hashlib
import re

import msgspec
import pytest

from natprobe.model import Check, Finding, Nat, NatBehaviour, Report, Status, Verdict
from natprobe_reports import PLAIN, RENDERERS, Style
from natprobe_reports.clean import clean
from natprobe_reports.culprit import culprit
from natprobe_reports.html import render_many
from natprobe_reports.html.packets import packets_of
from tests.reports.example_hosts import HOSTS, pairs, several_hosts
from tests.reports.example_reports import (
    EXAMPLES,
    TURN,
    behind_a_nat,
    certificate_expired,
    healthy,
    inconclusive,
    interrupted,
    relay_range_closed,
)
from tests.reports.html_tree import Page
from tests.reports.test_hostile_strings import HOSTILE, report_of

COLOUR = re.compile(r"--([a-z-]+):(#[0-9a-f]{3,6})\b")
TEXT_ON_PAGE = ("text", "muted", "link", "pass", "warn", "fail", "inconclusive", "error", "skip", "info")
TINTS = ("pass", "warn", "fail", "inconclusive", "error", "skip", "info")


def source(report: Report, style: Style = PLAIN) -> str:
    return RENDERERS["html"](report, style)


def page(report: Report, style: Style = PLAIN) -> Page:
    return Page(source(report, style))


def many(count: int, status: Status = Status.PASS) -> Report:
    """A report of `count` cells of eleven checks, all healthy but one."""
    ladder = [check for check in healthy().checks if check.transport == "udp"]
    checks: list[Check] = []
    for number in range(count):
        asked = f"turn:turn{number}.example.org"
        checks += [msgspec.structs.replace(check, target=f"{asked}?transport=udp", asked=asked) for check in ladder]
    checks[0] = msgspec.structs.replace(checks[0], status=Status.FAIL)
    rest = [msgspec.structs.replace(check, status=status) for check in checks[1:]]
    return msgspec.structs.replace(healthy(), verdict=Verdict.FAIL, checks=(checks[0], *rest))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_page_begins_with_the_verdict_and_the_culprit_of_the_text_report(name: str) -> None:
    report = EXAMPLES[name]()
    word = {Verdict.PASS: "PASS", Verdict.FAIL: "FAIL", Verdict.INCONCLUSIVE: "INCONCLUSIVE"}[report.verdict]
    assert f"{word}: {culprit(report)}" in page(report).text
    assert len(page(report).all("h1")) == 1


def test_sections_come_in_the_order_in_which_they_are_needed() -> None:
    first = certificate_expired()
    report = msgspec.structs.replace(first, nat=behind_a_nat().nat, candidates=behind_a_nat().candidates)
    told = [element.attributes["id"] for element in page(report).all("h2")]
    names = ("targets", "findings", "timeline", "candidates", "nat", "certificates", "run", "raw")
    assert told == [f"{name}-title" for name in names]


def test_findings_stand_with_evidence_cause_and_fix_errors_first() -> None:
    text = page(relay_range_closed()).text.partition("error: The relay works from inside")[2]
    parts = (
        "Seen Packets to",
        "Cause A stateful",
        "Fix Allow inbound",
        "warning: 203.0.113.10:3478 does not offer tcp",
    )
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert "docker run -p 49160-49200:49160-49200/udp" in source(relay_range_closed()).split('class="fix"')[1]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_anchor_leads_somewhere_and_no_id_stands_twice(name: str) -> None:
    read = page(EXAMPLES[name]())
    ids = read.values("id")
    assert len(ids) == len(set(ids))
    assert {href.removeprefix("#") for href in read.values("href") if href.startswith("#")} <= set(ids)
    labels = [each for value in read.values("aria-labelledby") for each in value.split()]
    assert set(labels) <= set(ids)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("status", Status)
def test_hostile_words_become_no_element_and_no_attribute(text: str, status: Status) -> None:
    hostile, tame = page(report_of(text, status)), page(report_of("tame", status))
    assert {element.tag for element in hostile.elements} <= {element.tag for element in tame.elements} | {"code"}
    known = {name for element in tame.elements for name in element.attributes}
    assert {name for element in hostile.elements for name in element.attributes} <= known
    assert len(hostile.all("script")) == 1
    assert " ".join(clean(text).replace("`", "").split()) in hostile.text.replace("`", "")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_stay_words_on_the_page_of_several_hosts(text: str) -> None:
    hosts = ((text, report_of(text)), ("other", behind_a_nat()))
    told = [pair._replace(reason=text) for pair in pairs((("a", hosts[0][1]), ("b", hosts[1][1])))]
    read = Page(render_many(hosts, told))
    assert len(read.all("script")) == 1
    assert not read.all("img")


def test_nothing_but_the_style_and_the_script_of_the_page_may_be_loaded() -> None:
    text = source(healthy())
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data:"
        in Page(text).all("meta")[1].attributes["content"]
    )
    assert Page(text).values("src") == []
    assert not [href for href in Page(text).values("href") if not href.startswith(("#", "data:image/svg+xml,"))]
    assert "url(" not in text
    assert "@import" not in text


def test_a_healthy_cell_beside_a_broken_one_is_folded() -> None:
    folded = [element for element in page(certificate_expired()).classed("cell") if "open" not in element.attributes]
    assert len(folded) == 1
    for told in (page(healthy()), page(certificate_expired(), Style(verbose=True))):
        cells = told.classed("cell")
        assert cells
        assert all("open" in element.attributes for element in cells)


def test_of_many_broken_cells_only_the_first_ones_stand_open() -> None:
    read = page(many(90, Status.FAIL))
    opened = [element for element in read.classed("cell") if "open" in element.attributes]
    assert 0 < len(opened) < 20
    assert len(read.classed("cell")) == 90
    assert read.all("body")[0].attributes["class"] == "large"


def test_a_rung_has_a_word_and_a_symbol_beside_its_colour() -> None:
    text = source(relay_range_closed())
    rung = text[text.index('class="rung fail"') :]
    assert '<use href="#fail">' in rung[:300]
    assert '<b class="fail">failed</b>' in rung[:700]
    assert "not tested because turn.relay-in failed: turn.relay-loop" in page(relay_range_closed()).text


def test_a_finding_that_a_check_led_to_is_linked_from_its_rung() -> None:
    tags = page(relay_range_closed()).classed("tag")
    assert [tag.attributes["href"] for tag in tags] == ["#finding-1", "#finding-2"]


def test_the_timeline_tells_what_was_sent_and_what_was_answered() -> None:
    labels = page(relay_range_closed()).values("aria-label")
    assert "turn.reach, ok: began at 21 ms, took 21 ms; 1 sent, 1 of 1 answered" in labels
    assert "turn.relay-in, failed: began at 127 ms, took 2 s; 7 sent, 0 of 1 answered" in labels
    assert "Allocate: sent at 21 ms, answered at 42 ms" in page(relay_range_closed()).text


def test_evidence_that_makes_no_sense_draws_nothing() -> None:
    nonsense: dict[str, object] = {
        "sends_ms": ["x", None, True, -1.0, 1e300, float("nan"), [1.0]],
        "echoes": "many",
        "answered_ms": {},
        "inner": {"sends_ms": {"a": 1}, "waited_ms": "long"},
    }
    deep: dict[str, object] = {"sends_ms": [1.0]}
    for _ in range(40):
        deep = {"inside": [deep]}
    assert packets_of(nonsense) == ()
    assert packets_of(deep) == ()
    assert "no packets recorded" in page(_with_evidence(nonsense | {"deep": deep})).text


def test_a_flood_of_packets_is_drawn_in_part() -> None:
    exchange = {"request": "Binding", "sends_ms": [float(number) for number in range(5000)]}
    found = packets_of({"exchanges": [exchange] * 500})
    assert len(found) == len(found[0].sends_ms) == 60


def test_soundings_are_answered_by_their_echoes() -> None:
    sounding = {"question": "Binding", "sends_ms": [1.0, 2.0], "waited_ms": 9.0, "echoes": [{"at_ms": 4.0}, "x"]}
    (found,) = packets_of({"soundings": [sounding]})
    assert (found.name, found.arrivals_ms, found.until_ms) == ("Binding", (4.0,), None)


def test_a_certificate_tells_its_names_its_days_and_what_is_wrong() -> None:
    text = page(certificate_expired()).text
    assert "the certificate has expired" in text
    assert "ended 3 days ago 2026-08-20 to 2026-11-18" in text
    assert "names turn.example.org" in text


def test_dates_that_cannot_be_read_are_shown_as_they_are() -> None:
    report = certificate_expired()
    shaken = RENDERERS["json"](report, PLAIN).replace("2026-11-18T08:59:59Z", "9999-99-99")
    text = page(msgspec.json.decode(shaken, type=Report)).text
    assert "how long it is valid is not known 2026-08-20 to 9999-99-99" in text


@pytest.mark.parametrize(
    ("behaviour", "mapping", "filtering"),
    [
        (("open-internet", "none", "endpoint-independent"), "No NAT", "Anybody may send"),
        (("full-cone", "endpoint-independent", "endpoint-independent"), "the same public port", "Anybody may send"),
        (
            ("restricted-cone", "endpoint-independent", "address-dependent"),
            "the same public port",
            "Only addresses that",
        ),
        (
            ("symmetric", "address-dependent", "address-dependent"),
            "Each destination address sees",
            "Only addresses that",
        ),
        (("symmetric", "address-and-port-dependent", "unknown"), "address and port sees", "is not known"),
        (("udp-blocked", "unknown", "unknown"), "UDP does not leave", "was not asked"),
        (("unknown", "unknown", "unknown"), "is not known", "is not known"),
    ],
)
def test_a_nat_is_drawn_and_told(behaviour: tuple[str, str, str], mapping: str, filtering: str) -> None:
    kind, maps, filters = behaviour
    nat = NatBehaviour(type=kind, mapping=maps, filtering=filters)
    read = page(msgspec.structs.replace(behind_a_nat(), nat=Nat(ipv4=nat, ipv6=nat)))
    drawn = [element.attributes["aria-label"] for element in read.classed("nat")]
    assert len(drawn) == 4
    assert mapping in drawn[0]
    assert filtering in drawn[1]


def test_what_servers_saw_stands_beside_the_nat() -> None:
    echo = {"send": 0, "at_ms": 4.0, "rtt_ms": 2.0, "mapped": {"host": "2001:db8::7", "port": 17740}}
    sounding = {"to": {"host": "2001:db8::1", "port": 3478}, "sends_ms": [2.0], "echoes": [echo]}
    check = msgspec.structs.replace(
        healthy().checks[0], id="nat.mapping", target="IPv4", asked="IPv4", evidence={"soundings": [sounding]}
    )
    read = page(msgspec.structs.replace(behind_a_nat(), checks=(check,)))
    assert "[2001:db8::1]:3478 [2001:db8::7]:17740" in read.text


def test_limits_deadline_and_vantage_are_told() -> None:
    text = page(inconclusive()).text
    assert "ICMP errors are not seen on this platform" in text
    assert "duration 65 ms, of at most 20 s" in text
    assert "macOS 15 CPython 3.13.1" in text


def test_an_interrupted_run_is_told_as_such() -> None:
    assert "interrupted" in page(interrupted()).text


def test_a_report_of_nothing_is_a_page() -> None:
    report = msgspec.structs.replace(healthy(), checks=(), findings=())
    assert "nothing was checked" in page(report).text


def test_thousands_of_findings_are_matched_to_their_checks_by_an_index() -> None:
    class Counted(str):
        compared = 0
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            Counted.compared += 1
            return str.__eq__(self, other)

    checks = tuple(
        msgspec.structs.replace(check, findings=(Counted(f"found-{number}"),))
        for number, check in enumerate(many(40).checks)
    )
    findings = tuple(
        Finding(id=f"found-{number}", severity="error", target=check.target, title=f"t{number}", cause="c", fix="f",
                evidence="e")
        for number, check in enumerate(checks)
    )  # fmt: skip
    read = page(msgspec.structs.replace(many(40), checks=checks, findings=findings))
    assert len(read.classed("tag")) == len(checks)
    assert Counted.compared < 10 * len(checks)


def test_the_matrix_names_every_pair_with_its_reason() -> None:
    read = Page(several_hosts())
    cells = [href for href in read.values("href") if href.startswith("#pair-")]
    assert len(cells) == len(HOSTS) * (len(HOSTS) - 1)
    assert set(cells) == {f"#{anchor}" for anchor in read.values("id") if anchor.startswith("pair-")}
    assert "office uses a new port for each destination" in read.text
    assert [element.attributes["scope"] for element in read.all("th")].count("row") >= len(HOSTS)


def test_a_pair_that_nobody_compared_is_not_known() -> None:
    assert "2 hosts, 1 pair: 1 not known" in Page(render_many(HOSTS[:2], ())).text


@pytest.mark.parametrize("render", [lambda: source(healthy()), several_hosts])
def test_two_writings_of_one_report_are_alike(render: object) -> None:
    assert callable(render)
    assert render() == render()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_of_a_word_stands_out_from_what_lies_behind_it(scheme: str) -> None:
    colours = palette(scheme)
    behind = [(name, ground) for name in TEXT_ON_PAGE for ground in ("page", "card")]
    behind += [(name, f"{name}-tint") for name in TINTS] + [("text", f"{name}-tint") for name in TINTS]
    behind += [("text", "code"), ("muted", "code"), *(("muted", f"{name}-tint") for name in TINTS)]
    behind += [("link", f"{name}-tint") for name in ("pass", "warn", "fail", "inconclusive")]
    weak = {pair: ratio for pair in behind if (ratio := contrast(colours[pair[0]], colours[pair[1]])) < 4.5}
    assert weak == {}


def palette(scheme: str) -> dict[str, str]:
    """The colours of the light or the dark page."""
    light, dark = source(healthy()).split("@media screen and (prefers-color-scheme:dark)", 1)
    told = dict(COLOUR.findall(light))
    return told if scheme == "light" else told | dict(COLOUR.findall(dark.split("}}", 1)[0]))


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _with_evidence(evidence: dict[str, object]) -> Report:
    check = msgspec.structs.replace(healthy().checks[0], target=TURN, evidence=evidence)
    return msgspec.structs.replace(healthy(), checks=(check,), findings=())
