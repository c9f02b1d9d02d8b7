"""`natprobe watch --web`: the dashboard in a browser on this host. Each tab is a watch of its own, in its own process.

Theory of operation. textual-serve runs the dashboard with a driver that talks over stdin and stdout, and its script
draws in the browser what comes over a WebSocket. Whoever reaches that WebSocket can do what the user at a terminal can,
so it listens on loopback alone, under a path that nobody can guess; and since other pages in the same browser reach
loopback as well, the Host and Origin of every request must be our own (no DNS rebinding, no foreign page). The page
loads nothing from anywhere else, and says so to the browser (Content-Security-Policy).
"""

import argparse
import asyncio
import contextlib
import json
import secrets
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import textual_serve
from aiohttp import WSMsgType, web
from aiohttp.typedefs import Handler
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from natprobe.cli.exits import PASSED
from natprobe.cli.parser import UsageError
from natprobe.cli.planning import Wanted
from natprobe.cli.web_page import FOCUS, PAGE, POLICY
from natprobe.cli.web_session import environment
from natprobe.net.trouble import words_of

HOST = "127.0.0.1"
DRIVER = "natprobe_tui.browser:BrowserDriver"
MOST_SESSIONS = 4
LARGEST_MESSAGE = 65536
SMALLEST, LARGEST = 20, 1000
"""Columns or rows that a browser may ask for."""
LONGEST_END_S = 10.0
"""A session that has not let go of everything by then is ended."""
_STATIC = Path(textual_serve.__file__).parent / "static"


class Session(AppService):
    """One dashboard in a process of its own."""

    def __init__(self, socket: web.WebSocketResponse, settings: dict[str, str]) -> None:
        super().__init__(
            "natprobe watch",
            write_bytes=socket.send_bytes,
            write_str=socket.send_str,
            close=self._hang_up,
            download_manager=DownloadManager(),
        )
        self._settings = settings
        self._socket = socket

    async def _hang_up(self) -> None:
        await self._socket.close()

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        """Starts it without a shell, which textual-serve would take."""
        command = (sys.executable, "-m", "natprobe.cli.web_session")
        known = self._build_environment(width, height) | {"TEXTUAL_DRIVER": DRIVER} | self._settings
        self._process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=known)
        self._stdin = self._process.stdin
        return self._process

    async def end(self) -> None:
        """Has it release what it holds on servers, and waits for that; it gets no longer than `LONGEST_END_S`."""
        try:
            async with asyncio.timeout(LONGEST_END_S):
                await self.stop()
        except TimeoutError:
            if self._process is not None and self._process.returncode is None:
                self._process.kill()
        if self._process is not None:
            await self._process.wait()


class Pages:
    """What the browser asks for."""

    def __init__(self, settings: dict[str, str]) -> None:
        self.key = secrets.token_urlsafe(18)
        self.port = 0
        self._settings = settings
        self._sockets: set[web.WebSocketResponse] = set()

    @property
    def url(self) -> str:
        """Where the dashboard is."""
        return f"http://{HOST}:{self.port}/{self.key}/"

    def application(self) -> web.Application:
        """The routes, all behind the key."""
        made = web.Application(middlewares=[self._own], client_max_size=LARGEST_MESSAGE)
        made.add_routes(
            [
                web.get(f"/{self.key}/", self._page),
                web.get(f"/{self.key}/focus.js", self._focus),
                web.get(f"/{self.key}/ws", self._session),
                web.static(f"/{self.key}/static", _STATIC),
            ]
        )
        made.on_shutdown.append(self._close)
        return made

    @web.middleware
    async def _own(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answers our own page alone."""
        hosts = {f"{name}:{self.port}" for name in (HOST, "localhost")}
        origin = request.headers.get("Origin")
        if request.host not in hosts or (origin is not None and origin.partition("://")[2] not in hosts):
            raise web.HTTPForbidden(text="this dashboard answers its own page only\n")
        return await handler(request)

    async def _page(self, _request: web.Request) -> web.Response:
        headers = {
            "Content-Security-Policy": POLICY,
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        socket = f"ws://{HOST}:{self.port}/{self.key}/ws"
        return web.Response(text=PAGE.substitute(socket=socket), content_type="text/html", headers=headers)

    async def _focus(self, _request: web.Request) -> web.Response:
        return web.Response(text=FOCUS, content_type="text/javascript")

    async def _session(self, request: web.Request) -> web.StreamResponse:
        if "Origin" not in request.headers or len(self._sockets) >= MOST_SESSIONS:
            raise web.HTTPServiceUnavailable(text=f"no more than {MOST_SESSIONS} dashboards at once\n")
        socket = web.WebSocketResponse(heartbeat=15, max_msg_size=LARGEST_MESSAGE)
        await socket.prepare(request)
        self._sockets.add(socket)
        session = Session(socket, self._settings)
        try:
            await session.start(_size(request.query.get("width"), 80), _size(request.query.get("height"), 24))
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await _pass_on(message.data, session, socket)
        finally:
            self._sockets.discard(socket)
            await session.end()
        return socket

    async def _close(self, _application: web.Application) -> None:
        for socket in tuple(self._sockets):
            await socket.close()


async def _pass_on(text: str, session: Session, socket: web.WebSocketResponse) -> None:
    """What the page's script says: `[what, data]`. Anything else is dropped."""
    try:
        what, data = json.loads(text)
    except (TypeError, ValueError):
        return
    match what, data:
        case "stdin", str():
            await session.send_bytes(data.encode(errors="replace"))
        case "resize", {"width": width, "height": height}:
            await session.set_terminal_size(_size(width, 80), _size(height, 24))
        case "ping", _:
            await socket.send_json(["pong", data])
        case "focus", _:
            await session.focus()
        case "blur", _:
            await session.blur()
        case _:
            return


def _size(wanted: object, otherwise: int) -> int:
    try:
        return min(max(int(str(wanted)), SMALLEST), LARGEST)
    except ValueError:
        return otherwise


def serve(args: argparse.Namespace, want: Wanted) -> int:
    """Serves until it is told to stop. Raises UsageError where the port is taken."""
    try:
        asyncio.run(_serve(Pages(environment(args, want)), args.web_port))
    except OSError as error:
        raise UsageError(f"--web-port: {args.web_port} cannot be listened on ({words_of(error)})") from None
    return PASSED


async def _serve(pages: Pages, port: int) -> None:
    runner = web.AppRunner(pages.application(), access_log=None, handle_signals=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
        pages.port = runner.addresses[0][1]
        sys.stdout.write(f"{pages.url}\n")
        sys.stdout.flush()
        sys.stderr.write("natprobe: open that address in a browser on this host; Ctrl-C ends\n")
        await _told_to_stop()
    finally:
        await runner.cleanup()


async def _told_to_stop() -> None:
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers on its loop
        for number in {signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)}:
            loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
