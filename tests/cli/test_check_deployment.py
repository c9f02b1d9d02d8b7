"""`natprobe check -d`: several servers with credentials of their own, in one run, one report, and one culprit."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from natprobe.cli import main
from natprobe.cli.output import FILE_FORMATS
from natprobe.credential import Credential, Secret
from natprobe.server import FAULTS, Server, ServerConfig
from natprobe.server.beside import serve_beside

ALICE, BOB, SHARED = "hush-hush-alice", "hush-hush-bob", "hush-hush-shared"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NATPROBE_USER", "NATPROBE_PASSWORD", "NATPROBE_SECRET", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ALICES_PASSWORD", ALICE)
    monkeypatch.setenv("BOBS_PASSWORD", BOB)


@pytest.fixture(scope="module")
def first() -> Iterator[Server]:
    """Knows alice."""
    with serve_beside(ServerConfig(users=(Credential("alice", Secret(ALICE)),))) as server:
        yield server


@pytest.fixture(scope="module")
def second() -> Iterator[Server]:
    """Mints from a shared secret."""
    with serve_beside(ServerConfig(secret=Secret(SHARED))) as server:
        yield server


@pytest.fixture
def file(first: Server, second: Server, tmp_path: Path) -> Path:
    """Both of them in one deployment, and a STUN server."""
    (tmp_path / "shared.secret").write_text(f"{SHARED}\n")
    path = tmp_path / "deployment.toml"
    path.write_text(
        f"""\
targets = ["stun:{first.address}"]

[group.relay]
user = "alice"
password = {{ env = "ALICES_PASSWORD" }}
targets = ["turn:{first.address}?transport=udp"]

[[target]]
uri = "turn:{second.address}?transport=udp"
group = "relay"
secret = {{ file = "shared.secret" }}
skip = ["turn.refresh"]
"""
    )
    return path


def checked(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    """Exit code and report of `natprobe check … --json`; stderr is to be empty, and no secret anywhere."""
    code = main(["check", *words, "--json"])
    out, err = capsys.readouterr()
    assert err == ""
    assert not any(secret in out for secret in (ALICE, BOB, SHARED))
    return code, json.loads(out)


def allocated(report: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    """How each target's allocation ended, and its group."""
    return {
        each["asked"]: (each["status"], each.get("group")) for each in report["checks"] if each["id"] == "turn.allocate"
    }


def test_each_target_is_checked_with_its_own_credential_and_says_its_group(
    file: Path, first: Server, second: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    code, report = checked(capsys, "-d", str(file))
    assert (code, report["verdict"]) == (0, "pass")
    assert allocated(report) == {
        f"turn:{first.address}?transport=udp": ("pass", "relay"),
        f"turn:{second.address}?transport=udp": ("pass", "relay"),
    }
    origins = [each["evidence"]["credential_origin"] for each in report["checks"] if each["id"] == "turn.allocate"]
    assert origins == ["variable ALICES_PASSWORD", "file shared.secret"]
    skipped = [each["target"] for each in report["checks"] if each["summary"] == "not tested: the user leaves it out"]
    assert skipped == [f"turn:{second.address}?transport=udp"]
    assert report["deadline_ms"] == 20_000


@pytest.mark.parametrize(
    ("said", "run", "samples", "deadline_ms"),
    [
        ((), "", set(), 20_000),
        (("--relay-samples", "3"), "", {3}, 23_000),
        (("--relay-samples", "5", "--timeout", "15"), "", {5}, 15_000),
        (("--relay-samples", "5"), "[run]\ndeadline_s = 12\n", {5}, 12_000),
    ],
)
def test_relayed_ports_are_asked_of_every_relay_within_a_deadline_that_fits(
    file: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    said: tuple[str, ...],
    run: str,
    samples: set[int],
    deadline_ms: int,
) -> None:
    file.write_text(f"{file.read_text()}\n{run}")
    code, report = checked(capsys, "-d", str(file), *said)
    looked_at = [each for each in report["checks"] if each["id"] == "turn.relay-range"]
    assert {len(each["evidence"]["samples"]) for each in looked_at} == samples
    assert [each["status"] for each in looked_at] == ["pass"] * (2 if samples else 0)
    assert (code, report["deadline_ms"]) == (0, deadline_ms)


def test_one_culprit_is_named_for_all_of_them(file: Path, second: Server, capsys: pytest.CaptureFixture[str]) -> None:
    for fault in FAULTS["allocate-486"].faults:
        second.fail(fault)
    try:
        code = main(["check", "-d", str(file)])
    finally:
        second.mend()
    line = capsys.readouterr().out.splitlines()[0]
    assert code == 1
    assert line.startswith("FAIL")
    assert str(second.address) in line


def test_a_part_of_the_file_is_checked_alone(
    file: Path, first: Server, second: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    _, report = checked(capsys, "-d", str(file), "--only", "relay")
    assert set(allocated(report)) == {each["asked"] for each in report["checks"]}
    _, report = checked(capsys, "-d", str(file), "--only", f"stun:{first.address}")
    assert {each["asked"] for each in report["checks"]} == {f"stun:{first.address}"}


def test_a_part_needs_no_secret_of_the_rest(first: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "d.toml"
    file.write_text(
        f'targets = ["stun:{first.address}"]\n'
        '[group.relay]\nsecret = { env = "NATPROBE_TEST_NOWHERE" }\ntargets = ["turn:192.0.2.1"]\n'
    )
    code, report = checked(capsys, "-d", str(file), "--only", f"stun:{first.address}")
    assert (code, {each["asked"] for each in report["checks"]}) == (0, {f"stun:{first.address}"})
    assert main(["check", "-d", str(file)]) == 2
    assert "NATPROBE_TEST_NOWHERE is empty, or not there" in capsys.readouterr().err


def test_targets_of_the_command_line_are_checked_beside_the_files(
    file: Path, first: Server, second: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = f"turn:{first.address}?transport=tcp"
    monkeypatch.setenv("NATPROBE_USER", "alice")
    monkeypatch.setenv("NATPROBE_PASSWORD", ALICE)
    code, report = checked(capsys, "-d", str(file), other)
    assert code == 0
    assert allocated(report)[other] == ("pass", None)
    assert allocated(report)[f"turn:{second.address}?transport=udp"] == ("pass", "relay")


def test_a_credential_of_the_command_line_takes_the_place_of_the_files(
    file: Path, first: Server, second: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NATPROBE_PASSWORD", BOB)
    code, report = checked(capsys, "-d", str(file), "-u", "bob")
    assert code == 1
    assert {status for status, _ in allocated(report).values()} == {"fail"}
    summaries = [each["summary"] for each in report["checks"] if each["id"] == "turn.allocate"]
    assert all('user "bob"' in summary for summary in summaries)


def test_a_variable_of_the_command_line_does_not_disturb_the_file(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NATPROBE_PASSWORD", BOB)
    assert checked(capsys, "-d", str(file))[0] == 0


def test_the_servers_of_a_page_are_linted_and_checked_each_with_its_credential(
    first: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "deployment.toml"
    path.write_text(
        f"""\
[[ice_servers]]
name = "app"
public = true
timeout_s = 15
servers = [
  {{ url = "stun:{first.address}" }},
  {{ urls = ["turn:{first.address}?transport=udp"], username = "alice", credential = {{ env = "ALICES_PASSWORD" }} }},
  {{ urls = "turn:{first.address}?transport=udp", username = "bob", credential = {{ env = "BOBS_PASSWORD" }} }},
]
"""
    )
    code, report = checked(capsys, "-d", str(path))
    assert code == 1
    shape = next(each for each in report["checks"] if each["id"] == "iceservers.shape")
    assert (shape["target"], shape["status"]) == ("iceservers:app", "fail")
    assert {*shape["findings"]} >= {"iceconfig-legacy-url-key", "turn-auth-weak-or-public-credentials"}
    assert shape["facts"]["turn-auth-weak-or-public-credentials"]["user"] == "alice, bob"
    assert [each["followed"] for each in shape["evidence"]["servers"]] == ["followed"] * 3
    asked = [(each["asked"], each["status"]) for each in report["checks"] if each["id"] == "turn.allocate"]
    named = f"turn:{first.address}?transport=udp from iceservers:app"
    assert sorted(asked) == [(named, "fail"), (named, "pass")]


@pytest.mark.parametrize("text", ["[{'urls': 'stun:{}'}]", "[{'urls': 'stun:{}'}];", '"[{\\"urls\\": \\"stun:{}\\"}]"'])
def test_a_list_that_is_no_json_is_told_and_its_servers_are_checked_all_the_same(
    text: str, first: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ice.txt").write_text(text.replace("{}", str(first.address)))
    path = tmp_path / "deployment.toml"
    path.write_text('[[ice_servers]]\ntext = { file = "ice.txt" }\n')
    code, report = checked(capsys, "-d", str(path))
    assert code == 1
    assert "iceconfig-js-string" in report["checks"][0]["findings"]
    assert {each["id"] for each in report["checks"]} == {"iceservers.shape", "stun.binding"}


@pytest.mark.parametrize(
    ("text", "finding"),
    [("the servers", "iceconfig-not-json"), ("{}", "iceconfig-urls-empty"), ("3", "iceconfig-shape")],
)
def test_what_is_no_list_of_servers_is_told(
    text: str, finding: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "deployment.toml"
    path.write_text(f"[[ice_servers]]\ntext = '''{text}'''\n")
    code, report = checked(capsys, "-d", str(path))
    assert code == 1
    assert finding in report["checks"][0]["findings"]
    assert len(report["checks"]) == 1


def test_every_mistake_is_a_line_of_its_own_and_nothing_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "deployment.toml"
    path.write_text('targets = ["turn:192.0.2.1:0"]\n[defaults]\nuser = "u"\npassword = "hush"\n')
    assert main(["check", "-d", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    advice = 'write password = { env = "NAME" } or password = { file = "PATH" }'
    assert err.splitlines() == [
        f"natprobe: {path}: line 1: targets[0]: turn:192.0.2.1:0: port 0 is out of range; ports go from 1 to 65535",
        f"natprobe: {path}: line 4: defaults.password: a secret does not stand in this file; {advice}",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["-d", "/nowhere/d.toml"],
            "natprobe: /nowhere/d.toml cannot be read (No such file or directory)",
        ),
        (["-d", "{}/bytes.toml"], "bytes.toml is not UTF-8 text"),
        (["-d", "{}/good.toml", "--only", "relay"], "good.toml has no relay; there are stun:192.0.2.1"),
        (["turn:192.0.2.1", "--only", "relay"], "--only: it picks from a deployment file; name that with -d"),
        (["-d", "{}/ca.toml"], "run.ca_file: "),
        ([], "nothing to check; name a TARGET such as turn:turn.example.org, or -d DEPLOYMENT.toml"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_in_one_line(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bytes.toml").write_bytes(b"\xff")
    (tmp_path / "good.toml").write_text('targets = ["stun:192.0.2.1"]\n')
    (tmp_path / "ca.toml").write_text('targets = ["stun:192.0.2.1"]\n[run]\nca_file = "gone.pem"\n')
    assert main(["check", *(word.replace("{}", str(tmp_path)) for word in words)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err


def test_no_secret_of_the_file_is_in_anything_that_a_run_leaves_behind(
    file: Path, first: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ice.json").write_text(
        json.dumps([{"urls": f"turn:{first.address}?transport=udp", "username": "alice", "credential": ALICE}])
    )
    file.write_text(f'{file.read_text()}\n[[ice_servers]]\ntext = {{ file = "ice.json" }}\npublic = true\n')
    written = {form: tmp_path / f"report.{form}" for form in FILE_FORMATS}
    words = [f"--report={form}={path}" for form, path in written.items()]
    main(["check", "-d", str(file), "-v", "--record", str(tmp_path / "run.jsonl"), *words])
    left = [path.read_text() for path in (*written.values(), tmp_path / "run.jsonl")] + [*capsys.readouterr()]
    assert all("iceservers:page" in text for text in left[:-1])
    assert not any(secret in text for secret in (ALICE, BOB, SHARED) for text in left)
