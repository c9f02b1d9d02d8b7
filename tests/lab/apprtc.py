"""AppRTC's room server, after its public interface: the real one needs Python 2.7 and a tool that is gone.

`start(world, "apprtc", port=8080, …)`; see `Options`. POST /join/ROOM hands out everything that a page needs, POST
/leave/ROOM/CLIENT gives the place back, GET / and /r/ROOM are pages. A room holds two.
"""

import itertools
import threading
from typing import Any

import msgspec

from tests.lab.web import Handler, Server, told

MOST_CLIENTS = 2
_PAGE = b"<!DOCTYPE html>\n<html><head><title>AppRTC</title></head><body>Please enter a room name.</body></html>\n"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Named as in the original's constants.py."""

    port: int
    base_url: str
    """Where users open it, for the room's link."""
    wss_host: str
    """WSS_INSTANCE_HOST_KEY: the collider's HOST:PORT; wss:// and https:// are put before it."""
    ice_server_override: list[dict[str, Any]] = []
    ice_server_base_url: str = ""
    """{base}/v1alpha/iceconfig?key= is what the page POSTs to where no override is set."""


class Rooms:
    """Who is in which room."""

    def __init__(self) -> None:
        self._rooms: dict[str, list[str]] = {}
        self._numbers = itertools.count(10_000_000)
        self._lock = threading.Lock()

    def join(self, room: str) -> tuple[str, bool] | None:
        """The new client's id and whether it is the first; None where the room is full."""
        with self._lock:
            clients = self._rooms.setdefault(room, [])
            if len(clients) >= MOST_CLIENTS:
                return None
            clients.append(str(next(self._numbers)))
            return clients[-1], len(clients) == 1

    def leave(self, room: str, client: str) -> None:
        """Gives a place back; one that nobody holds is no matter."""
        with self._lock:
            clients = self._rooms.get(room, [])
            if client in clients:
                clients.remove(client)


OPTIONS: Options
ROOMS = Rooms()


class AppRtc(Handler):
    """The room server's paths."""

    def serve(self) -> None:
        """Joining, leaving, and the pages."""
        self.body()
        match self.command, self.steps:
            case "POST", ["join", room]:
                self.answer(200, msgspec.json.encode(joined(room)), "application/json; charset=utf-8")
            case "POST", ["leave", room, client]:
                ROOMS.leave(room, client)
                self.answer(200, b"", "text/html; charset=utf-8")
            case "GET" | "HEAD", [] | ["index.html"] | ["r", _]:
                self.answer(200, _PAGE, "text/html; charset=utf-8")
            case _:
                self.answer(404, b"404 Not Found\n")


def joined(room: str) -> dict[str, Any]:
    """The answer to a join; its `pc_config` is JSON within JSON, its booleans are texts."""
    place = ROOMS.join(room)
    if place is None:
        return {"result": "FULL", "params": {}}
    client, first = place
    connection = {
        "rtcpMuxPolicy": "require",
        "bundlePolicy": "max-bundle",
        "iceServers": OPTIONS.ice_server_override,
    }
    params: dict[str, Any] = {
        "room_id": room,
        "client_id": client,
        "is_initiator": "true" if first else "false",
        "is_loopback": "false",
        "room_link": f"{OPTIONS.base_url}/r/{room}",
        "wss_url": f"wss://{OPTIONS.wss_host}/ws",
        "wss_post_url": f"https://{OPTIONS.wss_host}",
        "ice_server_url": f"{OPTIONS.ice_server_base_url}/v1alpha/iceconfig?key=",
        "ice_server_transports": "",
        "pc_config": msgspec.json.encode(connection).decode(),
        "pc_constraints": '{"optional": []}',
        "offer_options": "{}",
        "media_constraints": '{"audio": true, "video": true}',
        "bypass_join_confirmation": "false",
        "messages": [],
        "error_messages": [],
        "warning_messages": [],
        "version_info": "null",
    }
    return {"result": "SUCCESS", "params": params}


if __name__ == "__main__":
    OPTIONS = told(Options)
    Server(OPTIONS.port, AppRtc).serve_forever()
