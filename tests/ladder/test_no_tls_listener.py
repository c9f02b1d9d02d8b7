"""A coturn without a TLS listener looks the same whatever the reason: the finding names its log's own words."""

import re
from pathlib import Path

import pytest

from natprobe.catalogue import entry_of
from natprobe_reports.json import decode
from tests.conftest import BuildWorld
from tests.lab.certificates import Authority
from tests.lab.coturn import LONG_TERM, Coturn, cloud_addresses
from tests.lab.world import World
from tests.ladder.case import static_user

pytestmark = pytest.mark.lab

TARGET = "turns:turn.example.org?transport=tcp"


def told(world: World) -> tuple[list[str], str]:
    """The findings, and how to mend the only one."""
    report = decode(world.natprobe("check", TARGET, *static_user(), "-4", "--json").stdout.encode())
    return [finding.id for finding in report.findings], report.findings[0].fix


def words_of_the_log(text: str) -> list[str]:
    """What `text` says that coturn logs, but for the paths."""
    quoted = re.findall(r"`(cannot [^`]*)`", text)
    return [each.removesuffix("PATH") for each in quoted]


@pytest.mark.parametrize("key", ["unreadable", "gone"])
def test_the_finding_names_an_unreadable_key_as_one_of_the_causes_with_coturns_own_words(
    build_world: BuildWorld, authority: Authority, key: str
) -> None:
    world, certificate = build_world(), authority.issue()
    paths = dict(option.split("=", 1) for option in certificate.options)
    if key == "unreadable":
        Path(paths["pkey"]).chmod(0)
    else:
        paths["pkey"] += ".gone"
    options = (f"{name}={path}" for name, path in paths.items())
    coturn = Coturn(world, *cloud_addresses(world), *LONG_TERM, *options, key_unreadable=True)
    findings, fix = told(world)
    assert findings == ["tls-no-listener"]
    assert "may not read" in entry_of("tls-no-listener").cause
    quoted = words_of_the_log(fix)
    assert len(quoted) == 2
    assert all(words in coturn.log() for words in quoted)
    assert all(words in coturn.log() for words in words_of_the_log(entry_of("tls-cert-unreadable").evidence))
