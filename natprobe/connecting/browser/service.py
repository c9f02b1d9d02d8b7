"""What is served: one page and its one exchange, under a path that cannot be guessed, and nothing else."""

import ipaddress
import secrets
from importlib import resources
from urllib.parse import urlsplit

from natprobe.address import Address, is_literal, kind_of
from natprobe.connecting.browser.board import Board
from natprobe.connecting.browser.events import LARGEST_BODY
from natprobe.listening.message import Bounds, Request, Response, sentence

BOUNDS = Bounds(methods=("GET", "HEAD", "POST"), body_bytes=LARGEST_BODY, connections=16, idle_s=30.0, drain_s=1.0)
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_TOKEN_LETTERS = 13
"""64 bits: short enough to be typed on a phone."""
_HEADERS = (
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("X-Frame-Options", "DENY"),
)
_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def new_token() -> str:
    """A path that nobody can guess, of letters that nobody mistakes."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_TOKEN_LETTERS))


class Service:
    """Answers the requests of the pages of one call."""

    def __init__(self, board: Board, token: str) -> None:
        self.addresses: tuple[Address, ...] = ()
        """Where it listens, once it does."""
        self._board, self._token = board, token
        self._page = resources.files(__package__).joinpath("page.html").read_text("utf-8")

    async def answer(self, request: Request) -> Response:
        """The page, an exchange, or a no that says nothing about what is here."""
        if not self._is_meant(request):
            return sentence(403, "this address is served under its own name alone")
        if secrets.compare_digest(request.path.encode(), f"/{self._token}/".encode()) and request.method != "POST":
            return self._shown()
        path = f"/{self._token}/exchange".encode()
        if secrets.compare_digest(request.path.encode(), path) and request.method == "POST":
            return await self._board.exchange(request)
        return sentence(404, "nothing is here")

    def _shown(self) -> Response:
        nonce = secrets.token_urlsafe(16)
        return Response(
            status=200,
            body=self._page.replace("{{nonce}}", nonce).encode(),
            media_type="text/html; charset=utf-8",
            headers=(("Content-Security-Policy", _POLICY.format(nonce=nonce)), *_HEADERS),
        )

    def _is_meant(self, request: Request) -> bool:
        """Whether Host names this server by an address, so that no name of a stranger's leads a browser here.

        On loopback any port is taken: a tunnel has its own. A request of a page must come from our own.
        """
        host = request.header("host") or ""
        origin = request.header("origin")
        return self._is_own(host) and (origin is None or urlsplit(origin).netloc == host)

    def _is_own(self, host: str) -> bool:
        try:
            split = urlsplit(f"//{host}")
            name, port = split.hostname or "", split.port or 80
        except ValueError:
            return False
        if name == "localhost":
            return True
        if not is_literal(name):
            return False
        if kind_of(name) == "loopback":
            return True
        literal = str(ipaddress.ip_address(name))
        return any(each.port == port and each.host in {literal, *_WILDCARDS} for each in self.addresses)


_WILDCARDS = ("0.0.0.0", "::")  # noqa: S104
