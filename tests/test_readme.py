"""What the README shows is what natprobe prints: numbers that differ from run to run aside."""

import re
from pathlib import Path

import pytest

from tests.conftest import BuildWorld
from tests.lab.coturn import Coturn, cloud_addresses
from tests.lab.layout import TURN_PORTS, Layout, Server

pytestmark = pytest.mark.lab

README = Path(__file__).parent.parent / "README.md"
COMMAND = ("check", "turn:turn.example.org?transport=udp", "-4", "-u", "alice", "--relay-ports", "49160-49200")
OPTIONS = ("lt-cred-mech", "user=alice:wonderland", "realm=example.org", "min-port=49160", "max-port=49200")
SHOWN = re.compile(r"^\$ NATPROBE_PASSWORD=… natprobe (?P<arguments>.*)\n(?P<output>(?:.*\n)*?)```$", re.MULTILINE)


def shape(text: str) -> str:
    """`text` without its numbers, host name and spacing."""
    plain = re.sub(r"[0-9]+(\.[0-9]+)?", "0", re.sub(r"check from \S+", "check from host", text))
    return " ".join(re.sub(r"\b0 m?s\b", "0 s", plain).split())


def examples() -> list[re.Match[str]]:
    return list(SHOWN.finditer(README.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("number", "server"), [(0, Server()), (1, Server(open_udp=TURN_PORTS))], ids=["healthy", "closed range"]
)
def test_the_readme_shows_what_natprobe_prints(build_world: BuildWorld, number: int, server: Server) -> None:
    world = build_world(Layout(server=server))
    Coturn(world, *cloud_addresses(world), *OPTIONS)
    printed = world.natprobe(*COMMAND, env={"NATPROBE_PASSWORD": "wonderland"})
    assert shape(examples()[number]["output"]) == shape(printed.stdout)


def test_the_readme_shows_the_command_that_was_run() -> None:
    typed = " ".join(COMMAND).replace(COMMAND[1], f"'{COMMAND[1]}'")
    assert {example["arguments"] for example in examples()} == {typed}
