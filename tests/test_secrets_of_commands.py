"""The same search in what the other commands leave behind: gathering with real ICE calls, NAT, pair, diff, trend, demo.

ICE passwords are made at random for each call, so they are planted where aioice makes them.
"""

import json
from pathlib import Path

import pytest

from natprobe.credential import Credential, Secret
from natprobe.server import ServerConfig
from natprobe.server.beside import serve_beside
from natprobe_reports import RENDERERS
from tests.test_secrets import PASSWORD, USER, found, harvested, planted, said

ICE_PASSWORD = "pl4ntedIcePasswordXYZ1"
FORMS = tuple(form for form in RENDERERS if form not in {"github", "nagios"})


@pytest.fixture
def ice_passwords(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Those that were made."""
    import aioice.ice
    import aioice.utils

    made: list[str] = []
    ordinary = aioice.utils.random_string

    def planted_string(length: int) -> str:
        if length != len(ICE_PASSWORD):
            return ordinary(length)
        made.append(ICE_PASSWORD)
        return ICE_PASSWORD

    monkeypatch.setattr(aioice.ice, "random_string", planted_string)
    return made


def kept(directory: Path, name: str) -> list[str]:
    """The options with which a command leaves everything that it can."""
    files = [part for form in FORMS for part in ("--report", f"{form}={directory / f'{name}.{form}'}")]
    places = ["--record", str(directory / f"{name}.jsonl"), "--history", str(directory / name)]
    return [*files, *places, "--pcap", str(directory / f"{name}.pcapng")]


def test_no_command_leaves_a_secret_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ice_passwords: list[str]
) -> None:
    outputs: dict[str, bytes] = {}
    raw = tmp_path / "raw" / "raw.pcapng"
    raw.parent.mkdir()
    monkeypatch.setenv("NATPROBE_PASSWORD", PASSWORD)
    servers = tmp_path / "raw" / "servers.json"
    with serve_beside(ServerConfig(users=(Credential(USER, Secret(PASSWORD)),))) as server:
        turn = f"turn:{server.address}?transport=udp"
        given = {"urls": [turn], "username": USER, "credential": PASSWORD}
        servers.write_text(json.dumps({"iceServers": [given]}), encoding="utf-8")
        by_file = ("gather", "--ice-servers", str(servers), "--connect", "-v")
        codes = [
            said(outputs, "gather", *by_file, *kept(tmp_path, "gather")),
            said(outputs, "gather json", *by_file, "--json", "--pcap", str(raw), "--pcap-raw"),
            said(outputs, "nat", "nat", f"stun:{server.address}", "-u", USER, "-v", *kept(tmp_path, "nat")),
            said(outputs, "nat by relay", "nat", turn, "-u", USER, "--json", *kept(tmp_path, "relay")),
            said(outputs, "check", "check", turn, "-u", USER, *kept(tmp_path, "check")),
        ]
    assert set(codes) <= {0, 1, 4}, [outputs[name] for name in outputs if name.endswith("stderr")]
    reports = [str(tmp_path / f"{name}.json") for name in ("check", "nat", "gather")]
    said(outputs, "pair", "pair", *reports[1:], "--json")
    said(outputs, "pair of checks", "pair", *reports[:2])
    said(outputs, "diff", "diff", *reports[:2], "--json")
    said(outputs, "several", "report", *reports, "--html", str(tmp_path / "several.html"))
    said(outputs, "trend", "report", "--trend", str(tmp_path / "check"), "--html", str(tmp_path / "trend.html"))
    said(outputs, "replay", "replay", str(tmp_path / "gather.jsonl"), "--json")
    outputs |= {
        str(path.relative_to(tmp_path)): path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file() and path.parent != raw.parent
    }
    assert len(outputs) > 40
    assert len(ice_passwords) > 1
    secrets = planted(PASSWORD) | {"an ICE password": ICE_PASSWORD.encode()} | harvested(raw)
    assert len(secrets) > 10
    assert found(secrets, {"the raw capture": raw.read_bytes()}), "the search finds what is surely there"
    assert found(secrets, outputs) == []


def test_the_demo_keeps_its_password_out_of_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passwords: list[str] = []

    def remembered(name: str, password: Secret) -> Credential:
        passwords.append(password.reveal())
        return Credential(name, password)

    monkeypatch.setattr("natprobe.cli.demo.Credential", remembered)
    outputs: dict[str, bytes] = {}
    assert said(outputs, "demo", "demo", "-v", *kept(tmp_path, "demo")) == 0
    outputs |= {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    (password,) = passwords
    assert found({"the password": password.encode()}, outputs) == []
