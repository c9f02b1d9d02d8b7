"""A home-made ICE REST endpoint: `start(world, "icerest", port=8088, …)`; any path answers, by GET and by POST.

User names are UNIX-TIME:USER, credentials base64(HMAC-SHA1(key, user name)). The deployment's mistakes are its
defaults: the time is that of the request, the type is text/plain, and no header lets another origin read the answer.
"""

import base64
import hmac
import time

import msgspec

from tests.lab.web import Handler, Server, told


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What it hands out, and how."""

    port: int
    key: str
    user: str
    urls: list[str]
    open_urls: list[str] = []
    """What stands in an entry of its own, without a credential: STUN."""
    lifetime_s: int = 0
    content_type: str = "text/plain; charset=utf-8"
    origin: str | None = None
    """What Access-Control-Allow-Origin says; None: no such header, and no preflight."""


OPTIONS: Options
_MAY = {"Access-Control-Allow-Methods": "GET, POST", "Access-Control-Allow-Headers": "Content-Type"}


class IceRest(Handler):
    """Every path is the endpoint."""

    @property
    def always(self) -> dict[str, str]:
        """What browsers need to hear before a page may read the answer."""
        cached = {"Cache-Control": "no-store"}
        return cached if OPTIONS.origin is None else cached | {"Access-Control-Allow-Origin": OPTIONS.origin, **_MAY}

    def serve(self) -> None:
        """A credential, or the answer to a preflight."""
        self.body()
        if self.command == "OPTIONS":
            self.answer(405 if OPTIONS.origin is None else 204)
        else:
            self.answer(200, msgspec.json.encode(servers()), OPTIONS.content_type)


def servers() -> dict[str, object]:
    """What it answers, the credential minted now."""
    username = f"{int(time.time()) + OPTIONS.lifetime_s}:{OPTIONS.user}"
    credential = base64.b64encode(hmac.digest(OPTIONS.key.encode(), username.encode(), "sha1")).decode()
    entry = {"username": username, "credential": credential, "urls": OPTIONS.urls}
    return {"iceServers": [entry, *({"urls": [url]} for url in OPTIONS.open_urls)]}


if __name__ == "__main__":
    OPTIONS = told(Options)
    Server(OPTIONS.port, IceRest).serve_forever()
