"""What our stand-ins for web services share: an HTTP server with a thread a request, told its options as JSON.

A stand-in is there only where the real thing cannot be had: its service is gone, or nothing packages it. It is written
after what the real one answers. `start(world, "srs", port=1985, …)` runs `python -m tests.lab.srs OPTIONS`.
"""

import http.server
import sys
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from tests.lab.listening import await_ports
from tests.lab.namespace import Namespace
from tests.lab.process import Running
from tests.lab.world import World

MOST_BYTES = 1 << 20
T = TypeVar("T")


def start(world: World, name: str, *, port: int, where: Namespace | None = None, **options: Any) -> Running:
    """Starts a stand-in on the world's server, or `where`; it listens on `port` when this returns."""
    told = msgspec.json.encode({"port": port, **options}).decode()
    command = (sys.executable, "-m", f"tests.lab.{name}", told)
    running = world.keep((where or world.server).start(*command))
    await_ports(running, tcp=(port,))
    return running


def told(kind: type[T]) -> T:
    """The options that `start` gave."""
    return msgspec.json.decode(sys.argv[1], type=kind)


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with whole bodies."""

    protocol_version = "HTTP/1.1"

    def serve(self) -> None:
        """Answers the request whose `command`, `steps` and `body()` these are."""
        raise NotImplementedError

    def do_any(self) -> None:
        """What the base class calls, by the method's name."""
        self.serve()

    do_GET = do_HEAD = do_POST = do_OPTIONS = do_any  # noqa: N815

    @property
    def always(self) -> Mapping[str, str]:
        """Headers of every answer."""
        return {}

    @property
    def steps(self) -> list[str]:
        """The path's parts, its query left out: /join/7 is ["join", "7"]."""
        return [step for step in self.path.partition("?")[0].split("/") if step]

    def body(self) -> bytes:
        """What came with the request."""
        return self.rfile.read(min(int(self.headers.get("Content-Length") or 0), MOST_BYTES))

    def answer(self, code: int, body: bytes = b"", kind: str = "text/plain") -> None:
        """Sends an answer."""
        self.send_response(code)
        own = {"Content-Type": kind, "Content-Length": str(len(body))}
        for name, value in (own | dict(self.always)).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Keeps a line a request on stdout, where tests can read it."""
        sys.stdout.write(f"{format % args}\n")
        sys.stdout.flush()


class Server(http.server.ThreadingHTTPServer):
    """On every address of its network."""

    daemon_threads = True

    def __init__(self, port: int, handler: type[Handler]) -> None:
        super().__init__(("0.0.0.0", port), handler)
