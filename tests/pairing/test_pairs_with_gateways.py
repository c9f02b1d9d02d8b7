"""A call with a media gateway, from the report of a check of it: a real Janus, ICE-lite or not, open or shut."""

import json
from pathlib import Path
from typing import Literal, NamedTuple

import pytest

from natprobe.cli import main
from natprobe.pairing import from_report
from natprobe_reports import PLAIN, RENDERERS
from tests.conftest import BuildWorld
from tests.gateway.asking import OPEN, SHUT, asked
from tests.gateway.test_janus import HTTP, MAPPED, SECRET
from tests.lab.janus import API_SECRET, Janus
from tests.lab.layout import Layout

pytestmark = [pytest.mark.lab, pytest.mark.deployments]

LITE = "ice_lite = true"


class Case(NamedTuple):
    """A Janus, who calls it, and what becomes of that."""

    layout: Layout
    nat: tuple[str, ...]
    home: str
    becomes: Literal["direct", "relay"]
    why: str


CASES = {
    "lite-open": Case(OPEN, (MAPPED, LITE), "symmetric", "direct", "ICE-lite agent whose port is open to everybody"),
    "lite-shut": Case(SHUT, (MAPPED, LITE), "full-cone", "relay", "is an ICE-lite agent, which never sends first"),
    "full-shut": Case(SHUT, (MAPPED,), "full-cone", "direct", "each side's checks open its own filter"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_janus_says_and_its_ports_show_decides(
    build_world: BuildWorld, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    case = CASES[name]
    world = build_world(case.layout)
    Janus(world, *case.nat)
    file = tmp_path / "gateway.json"
    report = asked(world, HTTP, SECRET, secret=API_SECRET).report
    file.write_text(RENDERERS["json"](report, PLAIN))
    assert from_report("gateway", report).lite is (LITE in case.nat)
    main(["pair", str(file), case.home, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["direct"] is (case.becomes == "direct")
    assert case.why in told["reason"]
    blamed = "ice-lite-behind-nat" in {each["id"] for each in told["findings"]}
    assert blamed is (LITE in case.nat and case.layout is SHUT)
