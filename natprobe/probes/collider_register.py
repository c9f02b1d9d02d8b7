"""Does the collider let two clients of a room register, and carry a message from one to the other?

A register is answered by nothing when it is right. So a second client joins the same room, and what the first one says
must reach it. The room and both clients have random names, and leave again.
"""

import asyncio
import secrets
from typing import Literal

import msgspec

from natprobe.address import Address
from natprobe.client.http import HttpExchange
from natprobe.client.websocket import Ended, Upgrade, WebSocket
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe
from natprobe.signalling.refusals import status_words
from natprobe.signalling.upgrades import Upgraded, open_socket
from natprobe.web.asking import PATIENCE, ask
from natprobe.wire.http.text import printed

WAIT_S = 3.0
_STATUS_PATH = "/status"
_Step = Literal["open", "register", "send", "delivered"]


class Told(msgspec.Struct, frozen=True):
    """What the collider sends: a message of the other client, or what it does not like."""

    msg: str = ""
    error: str = ""


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far two clients got."""

    server: Address
    uri: str
    reached: _Step
    """The last step that was taken."""
    upgrade: Upgrade
    refused: str | None = None
    """What the collider said against it."""
    ended: Ended | None = None
    waited_s: float = WAIT_S
    status: HttpExchange
    """GET /status."""
    open_sockets: int | None = None
    """How many clients it says it has."""


class _Counters(msgspec.Struct, frozen=True):
    openws: int


async def observe(ctx: Context) -> Evidence:
    """Two clients register; the first one speaks. Its status page is asked meanwhile."""
    async with asyncio.TaskGroup() as group:
        status = group.create_task(ask(ctx, path=_STATUS_PATH, limits=PATIENCE))
        talk = group.create_task(_talk(ctx))
    answer = status.result()
    return msgspec.structs.replace(talk.result(), status=answer.seen, open_sockets=_counted(answer.body))


def _counted(body: bytes) -> int | None:
    try:
        return msgspec.json.decode(body, type=_Counters).openws
    except msgspec.MsgspecError:
        return None


async def _talk(ctx: Context) -> Evidence:
    wish = ctx.bench.get(Upgraded).asking
    async with await open_socket(ctx, wish) as first, await open_socket(ctx, wish) as second:
        shut = next((each for each in (first, second) if each.socket is None), None)
        evidence = Evidence(
            server=ctx.cell.address,
            uri=str(ctx.cell.target),
            reached="open",
            upgrade=(shut or first).seen,
            status=first.seen.exchange,
        )
        if first.socket is None or second.socket is None:
            return evidence
        return await _registered(evidence, first.socket, second.socket)


async def _registered(evidence: Evidence, first: WebSocket, second: WebSocket) -> Evidence:
    room, word = secrets.token_hex(8), secrets.token_hex(8)
    for socket in (first, second):
        _say(socket, cmd="register", roomid=room, clientid=secrets.token_hex(8))
    # A register that is refused is answered at once; the message goes behind it, so that no time is lost on silence.
    _say(first, cmd="send", msg=word)
    heard = asyncio.create_task(second.message(WAIT_S))
    objected = asyncio.create_task(first.message(WAIT_S))
    try:
        await asyncio.wait((heard, objected), return_when=asyncio.FIRST_COMPLETED)
        answer = heard.result() if heard.done() else objected.result()
    finally:
        heard.cancel()
        objected.cancel()
    return _told(evidence, answer, word)


def _told(evidence: Evidence, answer: str | Ended | None, word: str) -> Evidence:
    if isinstance(answer, Ended):
        return msgspec.structs.replace(evidence, reached="register", ended=answer)
    if answer is None:
        return msgspec.structs.replace(evidence, reached="send")
    try:
        told = msgspec.json.decode(answer, type=Told)
    except msgspec.MsgspecError:
        return msgspec.structs.replace(evidence, reached="register", refused=printed(answer.encode(), 120))
    if told.error:
        return msgspec.structs.replace(evidence, reached="register", refused=printed(told.error.encode(), 120))
    return msgspec.structs.replace(evidence, reached="delivered" if told.msg == word else "send")


def _say(socket: WebSocket, **message: str) -> None:
    socket.send(msgspec.json.encode(message).decode())


def judge(evidence: Evidence) -> Judgement:
    """Only a message that arrived proves that both are registered."""
    if evidence.reached == "delivered":
        return Judgement(status=Status.PASS, summary=f"a message went from client to client; {_status_words(evidence)}")
    detail = _detail(evidence)
    if evidence.reached == "open":
        return Judgement(status=Status.INCONCLUSIVE, summary=f"not told: {detail}")
    raised = (Raised(id="sig-register-rejected", facts={"uri": evidence.uri, "detail": detail}),)
    return Judgement(status=Status.FAIL, summary=f"it opens, and after register {detail}", raised=raised)


def _detail(evidence: Evidence) -> str:
    if evidence.reached == "open":
        return f"a second opening was answered {status_words(evidence.upgrade.exchange) or 'by nothing'}"
    if evidence.refused is not None:
        return f"it says: {evidence.refused}"
    if evidence.ended is not None:
        code = f" with code {evidence.ended.code}" if evidence.ended.code else ""
        return f"it closed the connection{code}"
    return f"a message to the room's other client did not arrive within {evidence.waited_s:g} s"


def _status_words(evidence: Evidence) -> str:
    if evidence.open_sockets is not None:
        return f"its status counts {evidence.open_sockets} open sockets"
    answer = status_words(evidence.status) or "nothing"
    return f"its status page answers {answer}"


PROBE = Probe(
    id="collider.register",
    title="Collider register",
    rung=5,
    schemes=frozenset({"collider+ws", "collider+wss"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=20.0,
    needs=(Upgraded,),
)
