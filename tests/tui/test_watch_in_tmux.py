"""The whole of it: `natprobe watch` in tmux, against a real coturn that is stopped, misconfigured and mended."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.lab.coturn import LONG_TERM, PASSWORD, USER, Coturn, cloud_addresses
from tests.lab.layout import SERVER_IPV4
from tests.lab.namespace import tool
from tests.lab.process import wait_until
from tests.lab.world import World

pytestmark = [pytest.mark.lab, pytest.mark.tmux]

TARGET = f"turn:{SERVER_IPV4}?transport=udp"
INTERVAL_S = 2.0
PATIENCE_S = 40.0
WRONG_PASSWORD = ("lt-cred-mech", f"user={USER}:another", "realm=example.org")


class Window:
    """A terminal of 80 by 24 in a tmux of its own."""

    def __init__(self, directory: Path, *command: str) -> None:
        self._tmux = (tool("tmux") or "tmux", "-S", str(directory / "tmux"), "-f", "/dev/null")
        self._run("new-session", "-d", "-x", "80", "-y", "24", "-e", f"NATPROBE_PASSWORD={PASSWORD}", *command)
        self._run("set-option", "-g", "remain-on-exit", "on")

    def text(self) -> str:
        """What stands in it."""
        return self._run("capture-pane", "-p", "-S", "-2")

    def press(self, *keys: str) -> None:
        """Types."""
        self._run("send-keys", *keys)

    def shows(self, pattern: str) -> None:
        """Waits until it shows `pattern`. Raises AssertionError with what it shows instead."""
        if not wait_until(lambda: re.search(pattern, self.text()) is not None, PATIENCE_S):
            raise AssertionError(f"{pattern!r} did not appear:\n{self.text()}")

    def has_ended(self) -> bool:
        """Whether the program in it has ended."""
        return self._run("list-panes", "-F", "#{pane_dead}").strip() == "1"

    def resize(self, columns: int, rows: int) -> None:
        """Gives it another size."""
        self._run("resize-window", "-x", str(columns), "-y", str(rows))

    def close(self) -> None:
        """Ends it, as a terminal that is closed does: what runs in it gets SIGHUP."""
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, check=False)

    def _run(self, *command: str) -> str:
        return subprocess.run([*self._tmux, *command], capture_output=True, text=True, check=True).stdout


class Deployment:
    """A coturn that can be changed, a dashboard that watches it, and what the dashboard recorded."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.coturn = self._coturn(*LONG_TERM)
        self.record = world.new_file("watch.jsonl")
        self.news = world.new_file("news.jsonl")
        keep = ("--record", str(self.record), "--on-change", f"tee -a {self.news}")
        watch = (sys.executable, "-m", "natprobe", "watch", TARGET, "-u", USER, "--interval", f"{INTERVAL_S:g}", *keep)
        self.window = Window(world.directory, *world.client.command(*watch))

    def restart(self, *options: str) -> None:
        """Another coturn in its place."""
        self.coturn.stop()
        self.coturn = self._coturn(*options)

    def rounds(self) -> int:
        """How many rounds have begun; the look at this host is none."""
        return self.record.read_bytes().count(b'"command":"watch"') if self.record.exists() else 0

    def told(self) -> list[list[tuple[str, str]]]:
        """What `--on-change` was told, round by round: check and new status."""
        lines = self.news.read_bytes().splitlines() if self.news.exists() else []
        return [[(each["check"], each["after"]) for each in msgspec.json.decode(line)["changes"]] for line in lines]

    def _coturn(self, *options: str) -> Coturn:
        return Coturn(self.world, *options, *cloud_addresses(self.world))


@pytest.fixture
def deployment(world: World) -> Iterator[Deployment]:
    made = Deployment(world)
    yield made
    made.window.close()


def seen_within_an_interval(deployment: Deployment, pattern: str) -> None:
    """One round may have begun before the change; the next one sees it."""
    before = deployment.rounds()
    deployment.window.shows(pattern)
    assert deployment.rounds() <= before + 2


def test_each_change_of_a_deployment_shows_within_one_interval(deployment: Deployment) -> None:
    window = deployment.window
    window.shows(r"PASS  turn:203.0.113.10\?transport=udp relays in both directions")

    deployment.coturn.stop()
    seen_within_an_interval(deployment, r"FAIL  .*refuses packets[\s\S]*FAIL +turn\.reach udp")

    deployment.restart(*WRONG_PASSWORD)
    seen_within_an_interval(deployment, r"FAIL  .*password[\s\S]*FAIL +turn\.allocate udp")

    deployment.restart(*LONG_TERM)
    seen_within_an_interval(deployment, r"PASS  [\s\S]*ok +turn\.allocate udp.*was FAIL")

    assert wait_until(lambda: len(deployment.told()) == 3, PATIENCE_S)
    assert deployment.told() == [
        [("turn.reach", "fail")],
        [("turn.reach", "pass"), ("turn.allocate", "fail")],
        [("turn.allocate", "pass")],
    ]


def test_in_a_terminal_the_keys_lead_down_to_the_packets_and_back(deployment: Deployment) -> None:
    window = deployment.window
    window.shows("PASS  ")
    window.press("p")
    window.shows("paused")
    window.press("Down", "Enter", "3")
    window.shows(r"client  server  relay   peer[\s\S]*●──────►")
    window.resize(120, 40)
    window.shows(r"Slow|Save|q Quit")
    window.press("Escape", "/", "r", "e", "l", "a", "y", "-", "i", "n", "Enter")
    window.shows(r"relay-in")
    assert PASSWORD not in window.text()
    assert PASSWORD.encode() not in deployment.record.read_bytes()


def test_in_a_terminal_the_watch_is_changed_recorded_and_compared(deployment: Deployment) -> None:
    window, folder = deployment.window, deployment.world.directory
    window.shows(r"PASS  [\s\S]*198\.51\.100\.20 ──── Internet \(no NAT\)[\s\S]*candidates: ")
    before = ("--report", f"json={folder}/before.json")
    deployment.world.natprobe("check", TARGET, "-u", USER, *before, env={"NATPROBE_PASSWORD": PASSWORD})

    window.press("w")
    window.shows(r"rounds? · next in \d+ s · \d+ checks")
    window.press("w")
    window.shows("Record the rounds")
    window.press(f"{folder}/inside.jsonl", "Enter")
    window.shows("● recording")

    log_in(window, "not-the-password")
    window.shows(r"FAIL  .*password[\s\S]*FAIL +turn\.allocate udp")
    window.press("d")
    window.shows("Compare with an older report")
    window.press(f"{folder}/before.json", "Enter")
    window.shows(r"since .*before\.json[\s\S]*BROKE")
    window.press("Escape")
    window.shows(r"changes \(UTC\)")
    log_in(window, PASSWORD)
    window.shows(r"PASS  [\s\S]*was FAIL")
    window.press("a")
    window.shows("Watch one more target")
    window.press(f"turn:{SERVER_IPV4}?transport=tcp", "Enter")
    window.shows(r"PASS  [\s\S]*\?transport=tcp relays in both directions")

    window.press("w")
    assert wait_until(lambda: b'"run-ended"' in (folder / "inside.jsonl").read_bytes(), PATIENCE_S)
    for kept in (folder / "inside.jsonl", folder / "before.json", deployment.record):
        assert not any(word in kept.read_bytes() for word in (b"not-the-password", PASSWORD.encode()))


def log_in(window: Window, password: str) -> None:
    """Types a credential for all targets."""
    window.press("u")
    window.shows("Enter a credential")
    window.press(USER, "Tab", password, "Enter")
    assert password not in window.text()


@pytest.mark.parametrize("key", ["q", "C-c"])
def test_quitting_leaves_nothing_on_the_server_and_the_sentence_on_the_terminal(
    deployment: Deployment, key: str
) -> None:
    deployment.window.shows("PASS  ")
    deployment.window.press("r", key)
    assert wait_until(deployment.window.has_ended, PATIENCE_S), deployment.window.text()
    assert f"PASS  {TARGET} relays in both directions" in deployment.window.text()
    assert deployment.coturn.settles_at(0)


def test_closing_the_terminal_leaves_nothing_on_the_server(deployment: Deployment) -> None:
    deployment.window.shows("PASS  ")
    deployment.window.press("r")
    assert wait_until(lambda: deployment.coturn.allocations() > 0, PATIENCE_S)
    deployment.window.close()
    assert deployment.coturn.settles_at(0)
