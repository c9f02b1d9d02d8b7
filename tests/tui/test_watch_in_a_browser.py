"""`natprobe watch --web` for real: a Chromium shows the dashboard, and whatever ends leaves nothing behind."""

import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.browser import Browser
from tests.lab.coturn import LONG_TERM, PASSWORD, USER, Coturn, cloud_addresses
from tests.lab.layout import SERVER_IPV4
from tests.lab.process import Running, wait_until
from tests.lab.world import World

pytestmark = [pytest.mark.lab, pytest.mark.chromium]

TARGET = f"turn:{SERVER_IPV4}?transport=udp"
PATIENCE_S = 40.0
LISTENS = """
const real = WebSocket; window.told = "";
window.WebSocket = class extends real {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", (event) => {
      if (event.data instanceof ArrayBuffer) window.told += new TextDecoder().decode(event.data);
    });
  }
};
"""
"""Keeps what the server draws, as text: on the screen it is pixels."""


class Web:
    """A dashboard that is served, and the browser that looks at it."""

    def __init__(self, world: World) -> None:
        self.coturn = Coturn(world, *LONG_TERM, *cloud_addresses(world))
        watch = (sys.executable, "-m", "natprobe", "watch", TARGET, "-u", USER, "--interval", "2", "--web")
        self.server: Running = world.keep(world.client.start(*watch, env={"NATPROBE_PASSWORD": PASSWORD}))
        self.browser = Browser(world, world.client)
        assert wait_until(lambda: self.server.stdout().endswith("/\n"), PATIENCE_S), self.server.stderr()
        self.url = self.server.stdout().strip()

    def show(self) -> None:
        """Has the browser show it."""
        self.browser.visit(self.url, LISTENS)
        self.shows("relays in both directions")

    def shows(self, words: str) -> None:
        """Waits until it has drawn these words."""
        assert wait_until(lambda: words in self.told(), PATIENCE_S), self.told()[-2000:]

    def told(self) -> str:
        """Everything that has been drawn, without the escape sequences."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", str(self.browser.evaluate("window.told.slice(-60000)")))

    def sessions(self) -> list[int]:
        """The processes of the dashboards that are shown."""
        children = Path(f"/proc/{self.server.pid}/task/{self.server.pid}/children")
        return [int(number) for number in children.read_text().split()] if children.exists() else []


@pytest.fixture
def web(world: World) -> Iterator[Web]:
    made = Web(world)
    yield made
    made.server.stop()


def test_a_browser_shows_the_dashboard_takes_its_keys_and_asks_nobody_else(web: Web) -> None:
    web.show()
    assert "-first-byte" in web.browser.evaluate("document.body.className")
    assert web.browser.evaluate("document.querySelectorAll('canvas').length") > 0
    web.browser.press("h")
    web.shows("nat.mapping")
    asked = web.browser.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert len(asked) >= 3
    assert [url for url in asked if not url.startswith((web.url, "data:"))] == []
    assert PASSWORD not in web.told()
    (session,) = web.sessions()
    assert PASSWORD.encode() not in Path(f"/proc/{session}/cmdline").read_bytes()


def test_a_tab_that_is_closed_ends_its_watch_and_leaves_nothing_on_the_server(web: Web) -> None:
    web.show()
    web.browser.press("r")
    web.browser.visit("about:blank")
    assert wait_until(lambda: web.sessions() == [], PATIENCE_S)
    assert web.coturn.settles_at(0)


def test_q_ends_the_watch_and_the_page_says_so(web: Web) -> None:
    web.show()
    web.browser.press("q")
    assert wait_until(lambda: "-closed" in web.browser.evaluate("document.body.className"), PATIENCE_S)
    assert wait_until(lambda: web.sessions() == [], PATIENCE_S)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ending_the_server_ends_its_dashboards(web: Web, number: signal.Signals) -> None:
    web.show()
    (session,) = web.sessions()
    os.kill(web.server.pid, number)
    assert wait_until(lambda: web.server.exit_code == 0, PATIENCE_S), web.server.stderr()
    assert not Path(f"/proc/{session}").exists()
    assert web.coturn.settles_at(0)


def test_a_server_that_is_killed_takes_its_dashboards_along(web: Web) -> None:
    web.show()
    (session,) = web.sessions()
    os.kill(web.server.pid, signal.SIGKILL)
    assert wait_until(lambda: not _lives(session), PATIENCE_S)
    assert web.coturn.settles_at(0)


def _lives(process: int) -> bool:
    """Whether it still runs: one that has ended may wait for somebody to ask how."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
