"""`natprobe credential`: what it prints, and what it refuses."""

import argparse
import json
import re
import time
from datetime import datetime
from pathlib import Path

import pytest

from natprobe.cli.credential import configure, parse_ttl, run
from natprobe.credential import Credential, CredentialError, Secret, examine, matches, mint

GOOD = "Cg7q5fNmSvWwmrx7Qj9tYyYkrgI="


@pytest.fixture(autouse=True)
def _no_secrets_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NATPROBE_SECRET", "NATPROBE_PASSWORD", "NATPROBE_USER"):
        monkeypatch.delenv(name, raising=False)


def command(*argv: str) -> int:
    """The exit code of `natprobe credential ARGV`."""
    parser = argparse.ArgumentParser(prog="natprobe credential")
    configure(parser)
    return run(parser.parse_args(argv))


def test_a_credential_is_minted_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("--secret", "north", "--user", "alice", "--ttl", "24h") == 0
    out, err = capsys.readouterr()
    found = re.fullmatch(
        r"username  (\d{10}:alice)\npassword  (\S{28})\nexpires   \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \(in 24 h\)\n", out
    )
    assert found
    assert matches(Secret("north"), Credential(found[1], Secret(found[2])))
    assert examine(Credential(found[1], Secret(found[2])), time.time()).expired is False
    assert err == ""


def test_a_credential_is_minted_as_json_with_ice_servers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NATPROBE_SECRET", "north")
    uris = ("--uri", "TURN:turn.example.org", "--uri", "stun:stun.example.org:3478")
    assert command("--json", "--ttl", "600", "--separator", "|", "-u", "a", *uris) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["ttl"] == 600
    assert said["username"] == f"{datetime.fromisoformat(said['expires']).timestamp():.0f}|a"
    assert said["iceServers"] == [
        {"urls": ["stun:stun.example.org:3478"]},
        {"urls": ["turn:turn.example.org"], "username": said["username"], "credential": said["credential"]},
    ]
    assert matches(Secret("north"), Credential(said["username"], Secret(said["credential"])))


@pytest.mark.parametrize(("uri", "keys"), [("stuns:a", {"urls"}), ("turns:a", {"urls", "username", "credential"})])
def test_servers_of_one_kind_are_one_entry(uri: str, keys: set[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert command("--json", "--secret", "north", "--uri", uri) == 0
    (server,) = json.loads(capsys.readouterr().out)["iceServers"]
    assert (server["urls"], server.keys()) == ([uri], keys)


def test_without_uris_there_are_no_ice_servers(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("north\n")
    assert command("--json", "--secret-file", str(tmp_path / "secret")) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"username", "credential", "ttl", "expires"}


@pytest.mark.parametrize(
    ("text", "ttl_s"), [("3600", 3600), ("30s", 30), ("90m", 5400), ("24h", 86400), ("7d", 604800)]
)
def test_a_lifetime_is_read(text: str, ttl_s: int) -> None:
    assert parse_ttl(text) == ttl_s


@pytest.mark.parametrize("text", ["", "0", "-5", "1w", "24 h", "1.5h", "٣", "9999999d", "h"])
def test_a_wrong_lifetime_is_refused(text: str) -> None:
    with pytest.raises(CredentialError, match="is no lifetime"):
        parse_ttl(text)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ((), "no shared secret"),
        (("--secret", "s3cret", "--ttl", "soon"), "is no lifetime"),
        (("--secret", "s3cret", "--secret-file", "x"), "exclude each other"),
        (("--secret-file", "/nonexistent/secret"), "cannot be read"),
        (("--secret-file", "/"), "cannot be read"),
        (("--secret", "s3cret", "--separator", "ab"), "not one punctuation"),
        (("--secret", "s3cret", "--separator", "7"), "not one punctuation"),
        (("--secret", "s3cret", "--user", ""), "user name is empty"),
        (("--secret", "s3cret", "--user", "a" * 600), "longer than 508"),
        (("--secret", "s3cret", "-p", "p4ss"), "add --check"),
        (("--secret", "s3cret", "--uri", "turn:example.org"), "add --json"),
        (("--secret", "s3cret", "--json", "--uri", "https://example.org"), "no stun or turn URI"),
        (("--secret", "s3cret", "--json", "--uri", "turn://example.org"), "write turn:example.org"),
        (("--check", "alice"), "no password to examine"),
        (("--check", "alice", "-p", "p4ss", "--user", "bob"), "leave out --user"),
        (("--check", "", "-p", "p4ss"), "user name is empty"),
    ],
)
def test_a_wrong_command_line_is_one_line_without_secrets(
    argv: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(*argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("natprobe credential: ")
    assert said in err
    assert err.count("\n") == 1
    assert "s3cret" not in err
    assert "p4ss" not in err


@pytest.mark.parametrize(
    ("username", "password", "ids"),
    [
        ("1600000000:alice", GOOD, ["turn-auth-rest-expired"]),
        ("9900000000000:alice", GOOD, ["turn-auth-rest-ms-timestamp"]),
        ("9900000000:alice", "p4ssw0rd", ["turn-auth-rest-wrong-digest"]),
        ("9900000000:alice", GOOD, []),
        ("alice", "p4ssw0rd", []),
    ],
)
def test_a_credential_is_examined(
    username: str, password: str, ids: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ("--check", username, "--password", password)
    assert command(*argv) == bool(ids)
    text = capsys.readouterr().out
    assert all(f"({finding})" in text for finding in ids)
    assert command(*argv, "--json") == bool(ids)
    said = json.loads(capsys.readouterr().out)
    assert [finding["id"] for finding in said["findings"]] == ids
    assert said["from_this_secret"] is None
    assert password not in text
    assert password not in json.dumps(said)
    assert "{" not in text


def test_a_credential_of_another_secret_is_told_apart(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    credential = mint(Secret("north"), "alice", 3600, time.time())
    monkeypatch.setenv("NATPROBE_PASSWORD", credential.password.reveal())
    assert command("--check", credential.username, "--secret", "north") == 0
    assert "made with this shared secret" in capsys.readouterr().out
    assert command("--check", credential.username, "--secret", "south") == 1
    assert "turn-auth-rest-wrong-secret" in capsys.readouterr().out


def test_a_digest_in_the_wrong_form_says_nothing_about_the_secret(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("--check", "9900000000:alice", "-p", "a" * 40, "--secret", "north", "--json") == 1
    assert json.loads(capsys.readouterr().out)["from_this_secret"] is None
