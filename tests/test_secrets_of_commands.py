"""The same search in what the other commands leave behind: ICE calls, NAT, pair, diff, trend, demo, deployments, serve.

aioice makes its ICE passwords at random for each call, so they are planted there; those of `natprobe connect` are
harvested from the offer and the answer. These two lines hold them by design, and are all that is not searched.
"""

import json
import signal
import socket
from pathlib import Path

import pytest

from natprobe.credential import Credential, Secret
from natprobe.server import ServerConfig
from natprobe.server.beside import serve_beside
from natprobe_reports import RENDERERS
from tests.cli.test_serve_command import fetched, serving
from tests.conftest import BuildWorld
from tests.connecting.ends import SECRET, ended, line_of, secret_of, start
from tests.connecting.test_connect_leaves_nothing import HOMES, TURN, coturn
from tests.lab.coturn import USER as LONG_TERM_USER
from tests.test_secrets import PASSWORD, SHARED, USER, found, harvested, planted, said

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


def files_in(directory: Path) -> dict[str, bytes]:
    """What a command has left in its directory."""
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@pytest.mark.lab
def test_neither_side_of_a_call_leaves_a_secret_anywhere_but_in_its_line(
    tmp_path: Path, build_world: BuildWorld
) -> None:
    world, raw, left = build_world(HOMES), tmp_path / "raw.pcapng", tmp_path / "left"
    left.mkdir()
    coturn(world)
    relayed = (*TURN, "--policy", "relay")
    kept_raw = (*kept(left, "offering")[:-2], "--pcap", str(raw), "--pcap-raw")
    with start(world.client, *relayed, *kept_raw, secret=True) as offering:
        offer = line_of(offering, "offer")
        with start(world["other"], "-", *relayed, *kept(left, "answering"), secret=True) as answering:
            answering.enter(f"{offer}\n")
            answer = line_of(answering, "answer")
            offering.enter(f"{answer}\n")
            ends = {"offering": ended(offering), "answering": ended(answering)}
    lines, outputs = {"offering": offer, "answering": answer}, files_in(left)
    for name, end in ends.items():
        assert (end.code, end.done.stderr.count(lines[name])) == (0, 1)
        outputs[f"{name} stdout"] = end.done.stdout.encode()
        outputs[f"{name} stderr"] = end.done.stderr.replace(lines[name], "").encode()
    assert len(outputs) > 18
    passwords = {f"the ICE password of the {name} side": secret_of(line).encode() for name, line in lines.items()}
    tokens, password = harvested(raw), SECRET["NATPROBE_PASSWORD"]
    assert len(tokens) > 10
    assert found(tokens, {"the raw capture": raw.read_bytes()}), "the search finds what is surely there"
    assert found(planted(password, LONG_TERM_USER) | passwords | tokens, outputs) == []


def test_a_deployments_secrets_stay_in_their_files_and_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED_PASSWORD", PASSWORD)
    given, left = tmp_path / "given", tmp_path / "left"
    given.mkdir()
    left.mkdir()
    (given / "shared").write_text(f"{SHARED}\n", encoding="utf-8")
    outputs: dict[str, bytes] = {}
    with (
        serve_beside(ServerConfig(users=(Credential(USER, Secret(PASSWORD)),))) as server,
        serve_beside(ServerConfig(secret=Secret(SHARED))) as minting,
    ):
        file = given / "deployment.toml"
        file.write_text(
            f'[[target]]\nuri = "turn:{server.address}?transport=udp"\nuser = "{USER}"\n'
            'password = { env = "PLANTED_PASSWORD" }\n'
            f'[[target]]\nuri = "turn:{minting.address}?transport=udp"\nsecret = {{ file = "shared" }}\n',
            encoding="utf-8",
        )
        code = said(outputs, "deployment", "check", "-d", str(file), "-v", *kept(left, "deployment"))
        raw = given / "raw.pcapng"
        said(outputs, "deployment json", "check", "-d", str(file), "--json", "--pcap", str(raw), "--pcap-raw")
    assert code == 0
    outputs |= files_in(left)
    assert len(outputs) > 10
    secrets = planted(PASSWORD) | {"the shared secret": SHARED.encode()} | harvested(raw)
    assert len(secrets) > 10
    assert found(secrets, outputs) == []


def test_the_ports_command_says_nothing_of_a_password_that_it_does_not_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("NATPROBE_PASSWORD", "NATPROBE_SECRET"):
        monkeypatch.setenv(variable, PASSWORD)
    outputs: dict[str, bytes] = {}
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        assert said(outputs, "ports", "ports", "127.0.0.1", port, "-v", *kept(tmp_path, "ports")) == 0
    assert said(outputs, "ports of a login", "ports", f"{USER}:{PASSWORD}@turn.example.org", "443") == 2
    outputs |= files_in(tmp_path)
    assert len(outputs) > 10
    assert found(planted(PASSWORD), outputs) == []


def test_the_exporter_tells_no_secret_in_its_metrics_its_pages_or_its_log(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(PASSWORD, encoding="utf-8")
    (tmp_path / "shared").write_text(SHARED, encoding="utf-8")
    users = (Credential(USER, Secret(PASSWORD)),)
    with serve_beside(ServerConfig(users=users, secret=Secret(SHARED))) as server:
        target = f"turn:{server.address}?transport=udp"
        config = tmp_path / "natprobe.toml"
        config.write_text(
            f'[modules.plain]\ntargets = ["{target}"]\nuser = "{USER}"\npassword_file = "password"\n'
            f'[modules.minted]\ntargets = ["{target}"]\nsecret_file = "shared"\n'
            f'[modules.wrong]\ntargets = ["{target}"]\nuser = "{USER}"\npassword_file = "shared"\n',
            encoding="utf-8",
        )
        with serving(config) as (process, (url,)):
            pages = {
                f"{module}{more}": fetched(f"{url}probe?module={module}&target={target}{more}")
                for module in ("plain", "minted", "wrong")
                for more in ("", "&debug=true")
            }
            pages |= {tail: fetched(url + tail) for tail in ("", "metrics", "-/healthy", "-/ready")}
            process.send_signal(signal.SIGTERM)
            pages["stdout"], pages["stderr"] = process.communicate(timeout=60)
    assert ["probe_success 1.0" in pages[name] for name in ("plain", "minted", "wrong")] == [True, True, False]
    secrets = planted(PASSWORD) | planted(SHARED) | {"the shared secret": SHARED.encode()}
    assert found(secrets, {name: page.encode() for name, page in pages.items()}) == []
