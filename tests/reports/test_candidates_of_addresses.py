"""Where several addresses of a host asked for a relay, each report says for which one it is, or is missing."""

import json

import msgspec
import pytest

from natprobe.address import Address
from natprobe.model import Candidate, CandidateError, Report
from natprobe_reports import RENDERERS, Style
from natprobe_reports.json import decode
from tests.reports.example_reports import behind_a_nat
from tests.reports.html_tree import Page

URL = "turn:203.0.113.10:3478?transport=udp"
OWN, OTHER = Address("10.7.0.2", 0), Address("10.99.0.5", 0)
WIDE = Style(width=200)


def two_addresses(base: Address | None = OWN, other: Address | None = OTHER) -> Report:
    relay = Candidate(
        candidate="candidate:1 1 udp 16777215 203.0.113.10 50000 typ relay raddr 198.51.100.20 rport 1",
        type="relay",
        protocol="udp",
        address=Address("203.0.113.10", 50000),
        related=Address("198.51.100.20", 1),
        priority=16777215,
        url=URL,
        relay_protocol="udp",
        base=base,
        gathered_ms=20.0,
    )
    missing = CandidateError(url=URL, code=486, text="Allocate is refused", base=other, at_ms=30.0)
    return msgspec.structs.replace(behind_a_nat(), candidates=(relay,), candidate_errors=(missing,))


def words(form: str, report: Report) -> str:
    text = RENDERERS[form](report, WIDE)
    return Page(text).text if form == "html" else text


@pytest.mark.parametrize("form", ["text", "html"])
def test_each_relay_and_each_that_is_missing_names_its_address(form: str) -> None:
    told = words(form, two_addresses())
    assert f"{URL} by udp for 10.7.0.2" in told
    assert f"{URL} for 10.99.0.5" in told
    assert " for 10." not in words(form, two_addresses(None, None))


def test_the_json_has_the_address_where_several_asked_and_else_no_such_field() -> None:
    told = json.loads(RENDERERS["json"](two_addresses(), WIDE))
    assert told["candidates"][0]["base"] == {"host": "10.7.0.2", "port": 0}
    assert told["candidate_errors"][0]["base"] == {"host": "10.99.0.5", "port": 0}
    assert decode(RENDERERS["json"](two_addresses(), WIDE).encode()) == two_addresses()
    alone = json.loads(RENDERERS["json"](two_addresses(None, None), WIDE))
    assert "base" not in alone["candidates"][0] | alone["candidate_errors"][0]
