"""The host's own resolver, in network and mount namespaces of its own: hosts file, resolv.conf, silence."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from natprobe.net.resolve import Resolution

_ASK = """
import asyncio, sys, threading, msgspec
from natprobe.net.clock import Clock
from natprobe.net.resolve import resolve
from tests.net import dns_server

ZONE = {
    ("turn.example.org.", "A"): dns_server.records("turn.example.org. 60 IN A 192.0.2.1"),
    ("turn.example.org.", "AAAA"): dns_server.nodata,
    ("short.lan.example.", "A"): dns_server.records("short.lan.example. 60 IN A 192.0.2.2"),
    ("short.lan.example.", "AAAA"): dns_server.nodata,
    ("silent.example.org.", "A"): dns_server.silence,
    ("silent.example.org.", "AAAA"): dns_server.silence,
}

async def main():
    async with dns_server.serving(ZONE, port=53):
        found = await resolve(sys.argv[1], clock=Clock(), deadline_s=float(sys.argv[2]))
    print(msgspec.json.encode(found).decode())
    print(any(thread.name.startswith("getaddrinfo") for thread in threading.enumerate()))

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def etc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that stand in for those of /etc."""
    folder = tmp_path_factory.mktemp("etc")
    (folder / "resolv.conf").write_text("nameserver 127.0.0.1\nsearch lan.example\n")
    (folder / "hosts").write_text("127.0.0.1 localhost\n192.0.2.7 kept.example.org\n")
    if Path("/etc/nsswitch.conf").is_file():  # the C library's own default is the same
        (folder / "nsswitch.conf").write_text("hosts: files dns\n")
    return folder


def asked(etc: Path, name: str, *, deadline_s: float) -> tuple[Resolution, bool]:
    """What this host would know with these files, and whether getaddrinfo was still at work when that was told."""
    binds = " && ".join(f"mount --bind {file} /etc/{file.name}" for file in sorted(etc.iterdir()))
    setup = f'{binds} && ip link set lo up && exec "$@"'
    command = [
        "unshare",
        "--net",
        "--mount",
        "sh",
        "-c",
        setup,
        "sh",
        sys.executable,
        "-c",
        _ASK,
        name,
        str(deadline_s),
    ]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=root, timeout=60)
    resolution, at_work = done.stdout.splitlines()
    return msgspec.json.decode(resolution, type=Resolution), at_work == "True"


def test_the_system_and_the_nameserver_agree(etc: Path) -> None:
    found, _ = asked(etc, "turn.example.org", deadline_s=20)
    assert found.addresses == ("192.0.2.1",)
    assert found.source == "dns"
    assert found.system is not None
    assert found.system.addresses == ("192.0.2.1",)
    assert [answer.outcome for answer in found.answers] == ["answered", "nodata"]


def test_a_name_of_the_hosts_file_is_told_as_such(etc: Path) -> None:
    found, _ = asked(etc, "kept.example.org", deadline_s=20)
    assert found.addresses == ("192.0.2.7",)
    assert found.source == "hosts"
    assert {answer.outcome for answer in found.answers} == {"nxdomain"}


def test_a_short_name_is_completed_from_the_search_list(etc: Path) -> None:
    found, _ = asked(etc, "short", deadline_s=20)
    assert found.addresses == ("192.0.2.2",)
    assert found.answers[0].question == "short.lan.example"


def test_a_name_that_does_not_exist_fails_on_both_sides(etc: Path) -> None:
    found, _ = asked(etc, "gone.example.org", deadline_s=20)
    assert found.addresses == ()
    assert found.system is not None
    assert found.system.outcome == "failed"
    assert found.system.error
    assert {answer.outcome for answer in found.answers} == {"nxdomain"}


def test_a_stuck_resolver_does_not_hold_the_process(etc: Path) -> None:
    # The C library goes on asking for ten seconds; the process has ended while its thread was still at work.
    found, at_work = asked(etc, "silent.example.org", deadline_s=0.7)
    assert found.system is not None
    assert found.system.outcome == "timeout"
    assert {answer.outcome for answer in found.answers} == {"timeout"}
    assert at_work
