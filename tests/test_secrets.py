"""No secret in any output of a whole run, in any form that it could take; searched for in bytes, not by eye.

What is planted: the user's password, a shared secret, the credential minted from it, the long-term keys. What is
harvested from the wire with --pcap-raw: the server's nonces, and every integrity value.
"""

import base64
import contextlib
import hashlib
import html
import io
import os
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import msgspec
import pytest

from natprobe.cli import main
from natprobe.cli.kept import kept_report
from natprobe.credential import Credential, Secret
from natprobe.credential.rest import mint
from natprobe.events import Packet
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe
from natprobe.probes import all_probes
from natprobe.record import read
from natprobe.server import FAULTS, ServerConfig
from natprobe.server.beside import serve_beside
from natprobe.wire.message import Message, parse
from natprobe.wire.registry import Attribute
from natprobe_reports import RENDERERS, Style
from natprobe_reports.diff import DIFF_RENDERERS

USER, PASSWORD, SHARED = "alice", 'pl4nted "pässword" & <more>', "pl4nted-sh4red-secret-of-the-server"
SHORTEST = 6
HARVESTED = (Attribute.NONCE, Attribute.MESSAGE_INTEGRITY, Attribute.MESSAGE_INTEGRITY_SHA256)


class Ran(NamedTuple):
    """What one run has left behind."""

    code: int
    outputs: dict[str, bytes]
    raw: bytes
    """The capture that was asked for with everything in it."""


def shapes(secret: bytes) -> Iterator[bytes]:
    """`secret` as the formats could write it."""
    text = secret.decode("latin-1")
    yield secret
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    yield urllib.parse.quote(secret, safe="").encode()
    yield html.escape(text).encode("latin-1")
    with contextlib.suppress(UnicodeDecodeError):
        yield html.escape(secret.decode()).encode()
        yield msgspec.json.encode(secret.decode())[1:-1]
        yield secret.decode().encode("unicode_escape")
    for shift in range(3):  # inside of something longer, base64 begins anywhere in a group
        within = base64.b64encode(bytes(shift) + secret)[4 if shift else 0 : -4]
        yield within
        yield within.replace(b"+", b"-").replace(b"/", b"_")


def found(secrets: dict[str, bytes], outputs: dict[str, bytes]) -> list[str]:
    """Which secret stands where."""
    return [
        f"{name} in {where}"
        for name, secret in secrets.items()
        for shape in dict.fromkeys(shapes(secret))
        if len(shape) >= SHORTEST
        for where, data in outputs.items()
        if shape in data
    ]


def messages(capture: Path) -> Iterator[Message]:
    """The STUN messages of a capture."""
    from scapy.layers.inet import TCP, UDP
    from scapy.utils import rdpcap

    for frame in rdpcap(str(capture)):
        message = parse(bytes(frame[TCP if TCP in frame else UDP].payload))
        if isinstance(message, Message):
            yield message


def harvested(capture: Path) -> dict[str, bytes]:
    """The tokens and integrity values that went over the wire."""
    values = {each.value for message in messages(capture) for each in message.attributes if each.type in HARVESTED}
    return {f"token {value.hex()[:8]}": value for value in values if any(value)}


def run(directory: Path, *arguments: str, environment: dict[str, str]) -> Ran:
    """`natprobe check` with every output that it has; then each of the others made from what it kept."""
    raw, recording, replayed = directory / "raw.pcapng", directory / "run.jsonl", directory / "replayed.pcapng"
    reports = [f"{form}={directory / form}" for form in ("json", "junit", "html", "markdown", "text", "openmetrics")]
    known = [part for each in reports if each.partition("=")[0] in RENDERERS for part in ("--report", each)]
    kept = ("--record", str(recording), "--history", str(directory / "history"))
    outputs: dict[str, bytes] = {}
    with patch.dict(os.environ, environment):
        code = said(outputs, "check", "check", *arguments, "-v", *known, *kept, "--pcap", str(raw), "--pcap-raw")
        said(outputs, "replay", "replay", str(recording), "-v", "--pcap", str(replayed))
        for option in ("--json", "--nagios"):
            said(outputs, f"replay {option}", "replay", str(recording), option)
        (first,) = (directory / "history").iterdir()
        said(outputs, "trend", "report", "--trend", str(directory / "history"), "--json", "-")
        said(outputs, "live pcap", "check", *arguments, "--pcap", str(directory / "live.pcapng"))
    report = kept_report(str(first))
    outputs |= {form: render(report, Style(verbose=True)).encode() for form, render in RENDERERS.items()}
    outputs |= {f"diff {form}": told.encode() for form, told in differences(report)}
    outputs |= {f"repr of {name}": repr(value).encode() for name, value in (("report", report),)}
    outputs |= {path.name: path.read_bytes() for path in directory.rglob("*") if path.is_file() and path != raw}
    with recording.open("rb") as lines:
        outputs["recorded packets"] = b"\0".join(event.data for event in read(lines) if isinstance(event, Packet))
    return Ran(code, outputs, raw.read_bytes())


def said(outputs: dict[str, bytes], name: str, *arguments: str) -> int:
    """Runs a command; keeps its stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(arguments))
    outputs |= {f"{name} stdout": out.getvalue().encode(), f"{name} stderr": err.getvalue().encode()}
    return code


def differences(report: Any) -> Iterator[tuple[str, str]]:
    from natprobe.difference import difference

    broken = tuple(msgspec.structs.replace(check, status=Status.FAIL) for check in report.checks)
    different = difference(report, msgspec.structs.replace(report, checks=broken))
    for form, render in DIFF_RENDERERS.items():
        yield form, render(different, Style(verbose=True))


def planted(password: str, user: str = USER) -> dict[str, bytes]:
    key = f"{user}:example.org:{password}".encode()
    digests = {f"{kind} key": hashlib.new(kind, key).digest() for kind in ("md5", "sha256")}
    return {"the password": password.encode(), **digests}


def test_the_search_finds_what_is_hidden_in_every_form() -> None:
    secret = {"it": PASSWORD.encode()}
    for shift in range(3):
        assert found(secret, {"base64": base64.b64encode(b"x" * shift + PASSWORD.encode() + b"tail")})
    for text in (html.escape(PASSWORD), msgspec.json.encode(PASSWORD).decode(), urllib.parse.quote(PASSWORD, safe="")):
        assert found(secret, {"text": text.encode()})
    assert found(secret, {"hex": PASSWORD.encode().hex().encode()})
    assert not found(secret, {"none": b"pl4nted"})


def test_a_password_and_the_servers_tokens_are_in_no_output(tmp_path: Path) -> None:
    with serve_beside(ServerConfig(users=(Credential(USER, Secret(PASSWORD)),))) as server:
        ran = run(tmp_path, f"turn:{server.address}", "-u", USER, environment={"NATPROBE_PASSWORD": PASSWORD})
    assert ran.code == 0
    tokens = harvested(tmp_path / "raw.pcapng")
    assert len(tokens) > 10
    assert found(tokens, {"the raw capture": ran.raw})
    assert len(ran.outputs) > 25
    assert found(planted(PASSWORD) | tokens, ran.outputs) == []
    for capture in ("live.pcapng", "replayed.pcapng"):
        assert not harvested(tmp_path / capture)
        assert any(
            each.type == Attribute.NONCE for message in messages(tmp_path / capture) for each in message.attributes
        )


@pytest.mark.parametrize("sha256", [False, True])
def test_a_shared_secret_and_what_is_minted_from_it_are_in_no_output(tmp_path: Path, *, sha256: bool) -> None:
    with serve_beside(ServerConfig(secret=Secret(SHARED), offers_sha256=sha256)) as server:
        ran = run(tmp_path, f"turn:{server.address}", "-u", USER, environment={"NATPROBE_SECRET": SHARED})
    assert ran.code == 0
    username = next(
        check.evidence["credential"]["username"]
        for check in kept_report(str(tmp_path / "json")).checks
        if check.id == "turn.allocate"
    )
    expiry = int(username.partition(":")[0])
    minted = mint(Secret(SHARED), USER, 0, expiry)
    assert minted.username == username
    secrets = planted(minted.password.reveal(), username) | {"the shared secret": SHARED.encode()}
    assert found(secrets | harvested(tmp_path / "raw.pcapng"), ran.outputs) == []


@pytest.mark.parametrize("fault", ["credentials-refused", "stale-nonce-forever", "wrong-integrity", "no-realm"])
def test_a_server_that_fails_draws_no_secret_out(tmp_path: Path, fault: str) -> None:
    config = ServerConfig(users=(Credential(USER, Secret(PASSWORD)),), faults=FAULTS[fault].faults)
    with serve_beside(config) as server:
        target = f"turn:{server.address}?transport=udp"
        ran = run(tmp_path, target, "-u", USER, environment={"NATPROBE_PASSWORD": PASSWORD})
    assert ran.code in (0, 1, 4)
    assert found(planted(PASSWORD) | harvested(tmp_path / "raw.pcapng"), ran.outputs) == []


def crashing() -> Probe[Any]:
    """A probe with a fault of ours, whose exception and locals hold the password."""
    (pattern,) = (probe for probe in all_probes() if probe.id == "turn.challenge")

    async def observe(ctx: Context) -> Any:
        password = ctx.settings.credential.password.reveal() if ctx.settings.credential else ""
        raise RuntimeError(f"cannot go on with {password}")

    def judge(_: Any) -> Judgement:
        raise AssertionError

    return Probe(
        id="turn.crash",
        title="Crash",
        schemes=pattern.schemes,
        evidence=pattern.evidence,
        observe=observe,
        judge=judge,
        deadline_s=1.0,
    )


def test_the_trace_of_a_crashing_probe_tells_where_and_not_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("natprobe.cli.planning.probes_for", lambda _: (*all_probes(), crashing()))
    with serve_beside(ServerConfig(users=(Credential(USER, Secret(PASSWORD)),))) as server:
        target = f"turn:{server.address}?transport=udp"
        ran = run(tmp_path, target, "-u", USER, environment={"NATPROBE_PASSWORD": PASSWORD})
    assert ran.code == 3
    assert b"test_secrets.py" in ran.outputs["json"]
    assert found(planted(PASSWORD), ran.outputs) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("turn:alice:PASSWORD@turn.example.org",),
        ("turn:turn.example.org?password=PASSWORD",),
        ("turn:192.0.2.1", "-u", USER, "-p", "PASSWORD", "--timeout", "0"),
        ("turn:192.0.2.1", "-p", "PASSWORD", "--report", "pdf=x"),
        ("turn:192.0.2.1", "-p", "PASSWORD", "--no-such-option"),
        ("turn:192.0.2.1", "--secret", "PASSWORD", "-p", "PASSWORD", "-u", USER),
    ],
)
def test_a_wrong_command_line_says_no_password_back(arguments: tuple[str, ...]) -> None:
    outputs: dict[str, bytes] = {}
    typed = [each.replace("PASSWORD", "pl4nted-p4ssword") for each in arguments]
    assert said(outputs, "check", "check", *typed) == 2
    assert found({"it": b"pl4nted-p4ssword"}, outputs) == []
    assert outputs["check stderr"].count(b"\n") == 1
