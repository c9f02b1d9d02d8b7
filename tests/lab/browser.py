"""A real Chromium in a namespace: `Browser(world, box).evaluate("1 + 1")` runs JavaScript in a blank page.

`python -m tests.lab.browser CONTROL PROGRAM OPTION…` starts it, and hands DevTools commands that come over the control
socket (a path, which no network namespace hides) to its page, through a pipe. Ends when its standard input closes, and
Chromium with it.
"""

import contextlib
import itertools
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from tests.lab.ability import BROWSERS
from tests.lab.namespace import Namespace, tool
from tests.lab.process import wait_until
from tests.lab.world import World

SHOWS_ADDRESSES = "--disable-features=WebRtcHideLocalIpsWithMdns"
"""Host candidates with their addresses in place of random names."""
ALLOWS_MICROPHONE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
"""A microphone, and the permission for pages that are files or https; a blank page has none."""
_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--remote-debugging-pipe",
)
_MOST_BYTES = 1 << 20
_START_S = 30.0


class ScriptError(Exception):
    """The page's own exception."""


class Browser:
    """A running Chromium with one blank page. A context manager; the world's end stops it as well."""

    def __init__(self, world: World, box: Namespace, *options: str) -> None:
        self._control = str(world.new_file("browser"))
        program = next(path for name in BROWSERS if (path := tool(name)))
        profile = world.new_file("profile")
        profile.mkdir()
        command = (program, *_OPTIONS, f"--user-data-dir={profile}", *options)
        own = {"HOME": str(profile), "DBUS_SESSION_BUS_ADDRESS": "disabled:"}
        self._running = world.keep(
            box.start(sys.executable, "-m", "tests.lab.browser", self._control, *command, env=own)
        )

    def wait(self) -> Self:
        """Waits until the page is there: several browsers start side by side."""
        self._running.wait_for("ready", _START_S)
        return self

    def evaluate(self, expression: str, timeout_s: float = 30.0) -> Any:
        """The value of a JavaScript expression, awaited where it is a promise. Raises ScriptError, and TimeoutError."""
        options = {"awaitPromise": True, "returnByValue": True, "userGesture": True}
        told = self._call("Runtime.evaluate", {"expression": expression, **options}, timeout_s)
        if "exceptionDetails" in told:
            raise ScriptError(msgspec.json.encode(told["exceptionDetails"]).decode())
        return told["result"].get("value")

    def open(self, file: Path) -> None:
        """Shows a page of this machine, which browsers trust as they trust https (a secure context)."""
        self.visit(file.as_uri())

    def visit(self, url: str, first: str = "") -> None:
        """Shows any page; `first` is JavaScript that runs in it before its own. Raises AssertionError."""
        if first:
            self._call("Page.enable", {}, _START_S)
            self._call("Page.addScriptToEvaluateOnNewDocument", {"source": first}, _START_S)
        self._call("Page.navigate", {"url": url}, _START_S)
        is_there = f"location.href == '{url}' && document.readyState == 'complete'"
        if not wait_until(lambda: self.evaluate(is_there) is True, _START_S):
            raise AssertionError(f"{url} did not open")

    def press(self, letter: str) -> None:
        """Presses the key of a letter."""
        for kind in ("keyDown", "keyUp"):
            key = {"type": kind, "key": letter, "text": letter, "windowsVirtualKeyCode": ord(letter.upper())}
            self._call("Input.dispatchKeyEvent", key, _START_S)

    def _call(self, method: str, parameters: Mapping[str, object], timeout_s: float) -> Any:
        self.wait()
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as own:
            own.settimeout(timeout_s)
            own.connect(self._control)
            own.send(msgspec.json.encode((method, parameters)))
            return msgspec.json.decode(own.recv(_MOST_BYTES))

    def stop(self) -> None:
        """Ends it. Safe to call twice."""
        self._running.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


class _DevTools:
    """Chromium's debugging pipe: JSON messages, each ended by a NUL."""

    def __init__(self, command: Sequence[str]) -> None:
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        self._numbers = itertools.count(1)
        self._rest = b""
        self.process = subprocess.Popen(_on_3_and_4(command, theirs_in, theirs_out), pass_fds=(theirs_in, theirs_out))
        os.close(theirs_in)
        os.close(theirs_out)

    def call(self, method: str, session: str | None = None, **parameters: object) -> Any:
        """The result of one command; events are passed over. Raises EOFError where Chromium has ended."""
        number = next(self._numbers)
        message: dict[str, object] = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._out, msgspec.json.encode(message) + b"\0")
        answer = next(each for each in self._messages() if each.get("id") == number)
        if "error" in answer:
            raise RuntimeError(str(answer["error"]))
        return answer["result"]

    def _messages(self) -> Iterator[Any]:
        while True:
            head, nul, rest = self._rest.partition(b"\0")
            if nul:
                self._rest = rest
                yield msgspec.json.decode(head)
                continue
            more = os.read(self._in, _MOST_BYTES)
            if not more:
                raise EOFError
            self._rest += more


def _on_3_and_4(command: Sequence[str], reads: int, writes: int) -> list[str]:
    return ["bash", "-c", f'exec "$@" 3<&{reads} 4>&{writes}', "bash", *command]


def _serve(page: _DevTools, session: str, listener: socket.socket) -> None:
    """Passes commands on until standard input closes."""
    while sys.stdin.fileno() not in select.select([listener, sys.stdin], [], [])[0]:
        with listener.accept()[0] as caller, contextlib.suppress(OSError):
            method, parameters = msgspec.json.decode(caller.recv(_MOST_BYTES), type=tuple[str, dict[str, Any]])
            caller.send(msgspec.json.encode(page.call(method, session, **parameters)))


def main() -> None:
    """Starts Chromium, opens a page, serves."""
    control, *command = sys.argv[1:]
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(control)
        listener.listen()
        browser = _DevTools(command)
        with contextlib.suppress(KeyboardInterrupt, EOFError):
            target = browser.call("Target.createTarget", url="about:blank")["targetId"]
            session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            _serve(browser, session, listener)
        browser.process.terminate()
        browser.process.wait()


if __name__ == "__main__":
    main()
