"""A headless Chromium, spoken to over its DevTools protocol. It resolves no name and uses an empty profile."""

import base64
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.lab.ability import BROWSERS
from tests.lab.namespace import tool

_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --no-default-browser-check --disable-sync "
    "--disable-background-networking --disable-component-update --disable-extensions --disable-dev-shm-usage "
    "--metrics-recording-only --hide-scrollbars --remote-debugging-port=0"
)
_START_S = 60.0
_ANSWER_S = 30.0


def program() -> str | None:
    """The browser's path, where one is installed."""
    return next((path for name in BROWSERS if (path := tool(name)) is not None), None)


class Tab:
    """One page, and everything that it told of itself since it was opened."""

    def __init__(self, socket: ClientConnection) -> None:
        self.events: list[dict[str, Any]] = []
        self._socket = socket
        self._last = 0
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """What the browser answers to `method`."""
        self._last += 1
        self._socket.send(json.dumps({"id": self._last, "method": method, "params": params}))
        while True:
            told = self._receive()
            if told.get("id") == self._last:
                assert "error" not in told, f"{method}: {told['error']}"
                answer: dict[str, Any] = told["result"]
                return answer

    def wait_for(self, method: str) -> None:
        """Waits until the browser has told `method` at least once."""
        while all(event["method"] != method for event in self.events):
            self._receive()

    def open(self, path: Path, *, width: int = 1200, height: int = 900, dark: bool = False) -> None:
        """Loads the file and waits until it is there."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media="", features=[scheme])
        self.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        self.wait_for("Page.loadEventFired")

    def resize(self, width: int, height: int = 900) -> None:
        """Gives the page another width."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, expression: str) -> None:
        """Waits until a JavaScript expression is true."""
        self.ask(
            f"new Promise(done => {{ const look = () => ({expression}) ? done() : setTimeout(look, 10); look(); }})"
        )

    def screenshot(self, *, whole: bool = False) -> bytes:
        """What it looks like, as PNG; `whole` beyond the window's lower edge."""
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(answer["data"])

    def requests(self) -> list[str]:
        """Every address that the page asked for."""
        told = (event for event in self.events if event["method"] == "Network.requestWillBeSent")
        return [event["params"]["request"]["url"] for event in told]

    def complaints(self) -> list[str]:
        """Errors, warnings and whatever else stands in its console."""
        kinds = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")
        return [json.dumps(event["params"]) for event in self.events if event["method"] in kinds]

    def _receive(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self._socket.recv(timeout=_ANSWER_S))
        if "method" in told:
            self.events.append(told)
        return told


class Browser:
    """A running Chromium."""

    def __init__(self, address: str) -> None:
        self._address = address

    @contextmanager
    def tab(self) -> Iterator[Tab]:
        """A new page."""
        with connect(self._address, proxy=None) as socket:
            socket.send(json.dumps({"id": 1, "method": "Target.createTarget", "params": {"url": "about:blank"}}))
            told = json.loads(socket.recv(timeout=_ANSWER_S))
        base = self._address.rpartition("/devtools/")[0]
        page = f"{base}/devtools/page/{told['result']['targetId']}"
        with connect(page, proxy=None, max_size=None) as socket:
            yield Tab(socket)


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """Starts Chromium with the empty folder `profile`, and ends it."""
    path = program()
    assert path is not None
    flags = (*_FLAGS.split(), "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={profile}", "about:blank")
    with (profile.parent / f"{profile.name}.log").open("wb") as log:
        process = subprocess.Popen([path, *flags], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            yield Browser(_address(profile, process))
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _address(profile: Path, process: "subprocess.Popen[bytes]") -> str:
    """Where it listens: it writes that to a file of its profile."""
    file = profile / "DevToolsActivePort"
    until = time.monotonic() + _START_S
    while time.monotonic() < until and process.poll() is None:
        lines = file.read_text().splitlines() if file.exists() else []
        if len(lines) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        time.sleep(0.05)
    raise RuntimeError(f"chromium did not start: {(profile.parent / f'{profile.name}.log').read_text()[-2000:]}")
