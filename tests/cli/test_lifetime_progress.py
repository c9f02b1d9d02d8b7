"""Who waits minutes for a NAT's binding lifetime sees on a terminal that it goes on, and for how long at most."""

import os
import pty
import re
import subprocess

import pytest

from tests.lab import natscenario
from tests.lab.natworld import NatWorld

pytestmark = [pytest.mark.lab, pytest.mark.tun]

SCENARIO = natscenario.load()["emulated-lifetime-ask-again"]
SECONDS = re.compile(r"nat\.lifetime IPv4: (\S+) of 10 seconds at most")


def test_the_line_on_stderr_counts_the_seconds_and_is_gone_at_the_end() -> None:
    screen, terminal = pty.openpty()
    try:
        with NatWorld() as world:
            box = natscenario.enter(world, SCENARIO)
            command = box.command(*natscenario.command(SCENARIO))
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=terminal) as process:
                os.close(terminal)
                drawn = "".join(_read(screen))
                assert process.stdout is not None
                assert process.stdout.read().startswith(b"{")
    finally:
        os.close(screen)
    counted = [float(seconds) for seconds in SECONDS.findall(drawn)]
    assert counted == sorted(counted)
    assert len(set(counted)) > 3
    assert drawn.endswith("\r\x1b[K")


def _read(screen: int) -> list[str]:
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(screen, 4096)
        except OSError:  # Linux's word for the end of a terminal
            return [b"".join(parts).decode()]
        if not part:
            return [b"".join(parts).decode()]
        parts.append(part)
