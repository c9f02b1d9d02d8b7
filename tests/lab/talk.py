"""Asks web servers from inside a namespace, with nothing of natprobe: `talk(world.client, Get("http://…"), …)`."""

import contextlib
import http.client
import socket
import ssl
import sys
import urllib.parse
from pathlib import Path

import msgspec
import websockets
from websockets.sync.client import connect

from tests.lab.namespace import Namespace

_WAIT_S = 5.0


class Get(msgspec.Struct, frozen=True, tag=True):
    """One HTTP request; a POST where it has a body."""

    url: str
    body: str | None = None
    headers: dict[str, str] = {}


class Chat(msgspec.Struct, frozen=True, tag=True):
    """One WebSocket: says all of `says`, and reads until `hears` messages came or it is closed."""

    url: str
    says: list[str] = []
    hears: int = 0
    origin: str | None = None
    wait_s: float = _WAIT_S


class Knock(msgspec.Struct, frozen=True, tag=True):
    """Bytes to a TCP port, or to a UDP port; what comes back first."""

    host: str
    port: int
    says: bytes = b""
    udp: bool = False
    wait_s: float = _WAIT_S


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one of these."""

    status: int | None = None
    headers: dict[str, str] = {}
    body: str = ""
    data: bytes = b""
    local: tuple[str, int] | None = None
    messages: list[str] = []
    close_code: int | None = None
    """1006 is no Close frame at all."""
    serial: str | None = None
    """Of the certificate, as ssl.SSLSocket.getpeercert shows it."""
    trouble: str | None = None


Ask = Get | Chat | Knock


def talk(box: Namespace, *asks: Ask, ca: Path | None = None) -> list[Heard]:
    """Asks one after the other from inside `box`."""
    told = msgspec.json.encode(asks).decode()
    done = box.run(sys.executable, "-m", "tests.lab.talk", told, *([str(ca)] if ca else []))
    assert done.exit_code == 0, done.stderr
    return msgspec.json.decode(done.stdout, type=list[Heard])


def _get(ask: Get, trust: ssl.SSLContext) -> Heard:
    url = urllib.parse.urlsplit(ask.url)
    where = (url.hostname or "", url.port)
    connection = (
        http.client.HTTPSConnection(*where, timeout=_WAIT_S, context=trust)
        if url.scheme == "https"
        else http.client.HTTPConnection(*where, timeout=_WAIT_S)
    )
    with contextlib.closing(connection):
        path = urllib.parse.urlunsplit(("", "", url.path or "/", url.query, ""))
        connection.request("GET" if ask.body is None else "POST", path, ask.body, ask.headers)
        line = connection.sock
        serial = str((line.getpeercert() or {}).get("serialNumber")) if isinstance(line, ssl.SSLSocket) else None
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Heard(status=answer.status, headers=headers, body=answer.read().decode(), serial=serial)


def _chat(ask: Chat, trust: ssl.SSLContext) -> Heard:
    secure = trust if ask.url.startswith("wss:") else None
    messages: list[str] = []
    origin = None if ask.origin is None else websockets.Origin(ask.origin)
    try:
        with connect(ask.url, origin=origin, proxy=None, open_timeout=_WAIT_S, ssl=secure) as line:
            try:
                for text in ask.says:
                    line.send(text)
                while len(messages) < ask.hears:
                    messages.append(str(line.recv(timeout=ask.wait_s)))
            except websockets.ConnectionClosed:
                return Heard(status=101, messages=messages, close_code=line.protocol.close_code)
            return Heard(status=101, messages=messages)
    except websockets.InvalidStatus as refusal:
        return Heard(status=refusal.response.status_code)


def _knock(ask: Knock) -> Heard:
    kind = socket.SOCK_DGRAM if ask.udp else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as line:
        line.settimeout(ask.wait_s)
        line.connect((ask.host, ask.port))
        line.send(ask.says)
        data = line.recv(65536)
        return Heard(data=data, local=line.getsockname())


def main() -> None:
    """Prints what was heard, as JSON."""
    trust = ssl.create_default_context(cafile=sys.argv[2] if len(sys.argv) > 2 else None)
    heard = []
    for ask in msgspec.json.decode(sys.argv[1], type=list[Ask]):
        try:
            match ask:
                case Get():
                    heard.append(_get(ask, trust))
                case Chat():
                    heard.append(_chat(ask, trust))
                case Knock():
                    heard.append(_knock(ask))
        except (OSError, http.client.HTTPException) as trouble:
            heard.append(Heard(trouble=f"{type(trouble).__name__}: {trouble}"))
    sys.stdout.write(msgspec.json.encode(heard).decode())


if __name__ == "__main__":
    main()
