"""Is Socket.IO there, in which version, does it know its own sessions again, and does it let clients in?

Both versions of Engine.IO are asked at once: a server need not speak both, so what it speaks is told, and only none at
all is a fault, or not the one that the target's own query names (EIO=4). One session is then used over several
connections, as a browser's requests may reach several instances of the server, and is closed at the end.
"""

import asyncio

import msgspec

from natprobe.address import Address
from natprobe.client.http import Exchanged
from natprobe.client.rig import Accepting
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe
from natprobe.signalling.controls import fetch_without_tls, is_fallback
from natprobe.signalling.enginews import Direct, begin
from natprobe.signalling.refusals import facts_of, proxy_fault, seconds, status_words, unanswered
from natprobe.signalling.socketio import VERSIONS, Outcome, Poll, PollingSession, Shaken, Spoken, shake
from natprobe.signalling.upgrades import HTTP_PORT, declared_engine, engine_path, is_socketio
from natprobe.wire.engineio import Version, opened, packets, separate

ABSURD_MS = 300_000.0
"""A client that is gone for five minutes is gone for every other user of the room."""
_MORE_REQUESTS = 3
_NO_TRANSPORT = 0
_CLIENTS: dict[Version, str] = {
    4: "Engine.IO 4 (clients of Socket.IO 3 and 4)",
    3: "Engine.IO 3 (clients of version 2)",
}


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Both handshakes, and what became of one session."""

    server: Address
    uri: str
    declared: int | None = None
    """The version that the target's own query names."""
    polls: tuple[Poll, ...]
    requests: tuple[Outcome, ...] = ()
    """What became of each further request of one session, each on a connection of its own."""
    namespace: str = "/"
    expected: bool = False
    """The user named the namespace."""
    connected: bool | None = None
    """Whether the namespace was connected; None where that was not told."""
    refused: str | None = None
    """Why it was not, in the server's words."""
    fallback: bool = False
    """The answer is the page that the server gives for any path."""
    plain: bool = False
    """The handshake works at port 80, without TLS."""
    direct: Direct | None = None
    """A session that begins on a WebSocket, where the server knows no polling."""

    @property
    def spoken(self) -> tuple[Version, ...]:
        """The versions that the server speaks, the newer one first."""
        return tuple(version for version in VERSIONS if any(poll.spoken == version for poll in self.polls))


async def observe(ctx: Context) -> Evidence:
    """Asks both versions, then uses one session; puts `Spoken` on the bench."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(shake(ctx, version)) for version in VERSIONS]
    shaken = [task.result() for task in tasks]
    expected = ctx.settings.expect.namespace
    evidence = Evidence(
        server=ctx.cell.address,
        uri=str(ctx.cell.target),
        declared=declared_engine(ctx.cell.target),
        polls=tuple(each.seen for each in shaken),
        namespace=expected or "/",
        expected=expected is not None,
    )
    session = _session(shaken)
    try:
        if session is None:
            return await _without_session(ctx, evidence, shaken[0].exchanged)
        upgrades = next(each.seen.upgrades for each in shaken if each.session is session)
        ctx.bench.put(Spoken(session.asked, session.version, upgrades))
        return await _used(evidence, session)
    finally:
        await asyncio.gather(*(each.session.close() for each in shaken if each.session))


def _session(shaken: list[Shaken]) -> PollingSession | None:
    """That of the newest version that is really spoken."""
    sessions = [each.session for each in shaken if each.session is not None]
    return min(sessions, key=lambda each: (-each.version, each.asked != each.version), default=None)


async def _used(evidence: Evidence, session: PollingSession) -> Evidence:
    answer = await session.namespace(evidence.namespace)
    for _ in range(_MORE_REQUESTS):
        await session.heartbeat()
    return msgspec.structs.replace(
        evidence,
        requests=tuple(session.outcomes),
        connected=answer if isinstance(answer, bool) else (None if answer is None else False),
        refused=answer[:200] if isinstance(answer, str) else None,
    )


async def _without_session(ctx: Context, evidence: Evidence, answer: Exchanged) -> Evidence:
    """What the refusal is compared with: a page with that of any path, no polling with a WebSocket from the start."""
    if evidence.polls[0].code == _NO_TRANSPORT:
        return msgspec.structs.replace(evidence, direct=await begin(ctx, _version(evidence.declared)))
    if not evidence.polls[0].html:
        return evidence
    bare = msgspec.structs.replace(ctx.cell.target, query=None)
    twin = await fetch_without_tls(ctx, engine_path(bare, evidence.declared or 4, "polling"))
    return msgspec.structs.replace(
        evidence, fallback=await is_fallback(ctx, answer), plain=twin is not None and _is_handshake(twin)
    )


def _version(declared: int | None) -> Version:
    return 3 if declared == 3 else 4


def _is_handshake(answer: Exchanged) -> bool:
    """A session that was opened there ends by its ping timeout: the way to it is not ours to use any further."""
    found = packets(answer.body.decode("utf-8", "replace")) if answer.status == 200 else None
    return found is not None and opened(separate(found[1][0])[1]) is not None


def judge(evidence: Evidence) -> Judgement:
    """No version at all, or not the declared one, is a fault; then come the sessions, the namespace, the heartbeat."""
    if evidence.direct is not None and evidence.direct.open:
        return _judged_without_polling(evidence)
    if not evidence.spoken:
        return _judged_refusal(evidence)
    words = "speaks " + " and ".join(_CLIENTS[version] for version in evidence.spoken)
    facts = {"uri": evidence.uri, "name": evidence.namespace}
    if evidence.declared is not None and evidence.declared not in evidence.spoken:
        detail = f"the target names EIO={evidence.declared}, and the server {words}"
        raised = (Raised(id="sio-eio-mismatch", facts=facts | {"detail": detail}),)
        return Judgement(status=Status.FAIL, summary=detail, raised=raised)
    if "unknown-sid" in evidence.requests:
        return _judged_sessions(evidence, words, facts)
    if evidence.refused is not None and evidence.expected:
        raised = (Raised(id="sio-namespace-refused", facts=facts | {"detail": evidence.refused}),)
        words = f"{words}; the namespace {evidence.namespace} is refused: {evidence.refused}"
        return Judgement(status=Status.FAIL, summary=words, raised=raised)
    return _judged_heartbeat(evidence, f"{words}; {_namespace_words(evidence)}")


def _judged_without_polling(evidence: Evidence) -> Judgement:
    """Clients begin with polling unless they are told otherwise, as a URL with transport=websocket says they are."""
    words = "sessions begin on a WebSocket alone: the server knows no polling"
    if "transport=websocket" in evidence.uri:
        return Judgement(status=Status.PASS, summary=words)
    raised = (Raised(id="sio-unknown-transport", facts={"uri": evidence.uri, "name": "polling"}),)
    return Judgement(status=Status.WARN, summary=f"{words}, with which clients begin by default", raised=raised)


def _judged_sessions(evidence: Evidence, words: str, facts: dict[str, str]) -> Judgement:
    lost, tries = evidence.requests.count("unknown-sid"), len(evidence.requests)
    raised = (Raised(id="sio-unknown-sid", facts=facts | {"sends": str(tries)}),)
    words = f"{words}; {lost} of {tries} further requests of one session met a server that does not know it"
    return Judgement(status=Status.FAIL, summary=words, raised=raised)


def _namespace_words(evidence: Evidence) -> str:
    name = evidence.namespace
    if evidence.connected:
        return f"namespace {name} connected"
    if evidence.refused is not None:
        return f"the namespace {name} asks for more than a connection ({evidence.refused!r})"
    return f"whether the namespace {name} lets clients in was not answered"


def _judged_heartbeat(evidence: Evidence, words: str) -> Judgement:
    poll = next(each for each in evidence.polls if each.spoken == evidence.spoken[0])
    interval, timeout = poll.ping_interval_ms or 0.0, poll.ping_timeout_ms or 0.0
    words = f"{words}; heartbeat every {seconds(interval)}, {seconds(timeout)} to answer"
    absurd = interval + timeout > ABSURD_MS
    raised = (Raised(id="ws-heartbeat-absurd", facts={"uri": evidence.uri, "lifetime": f"{timeout:.0f} ms"}),)
    if absurd:
        return Judgement(status=Status.WARN, summary=words, raised=raised)
    # The user named a namespace, and nothing was said of it: that is neither yes nor no.
    unanswered = evidence.expected and evidence.connected is None
    return Judgement(status=Status.INCONCLUSIVE if unanswered else Status.PASS, summary=words)


def _judged_refusal(evidence: Evidence) -> Judgement:
    poll = next((each for each in evidence.polls if each.asked == evidence.declared), evidence.polls[0])
    if poll.exchange.status is None:
        return unanswered(poll.exchange, evidence.uri)
    answer = _what_came(evidence, poll)
    return Judgement(
        status=Status.FAIL, summary=f"no Engine.IO handshake: {answer}", raised=(_refusal_finding(evidence, poll),)
    )


def _what_came(evidence: Evidence, poll: Poll) -> str:
    if poll.code is not None:
        return f"error {poll.code}, {poll.message or 'without a message'}"
    words = status_words(poll.exchange)
    if evidence.plain:
        return f"{words} and a page; at port {HTTP_PORT}, without TLS, it works"
    return f"{words} and the page that any path gets" if evidence.fallback else words


def _refusal_finding(evidence: Evidence, poll: Poll) -> Raised:
    facts = facts_of(poll.exchange, evidence.uri) | {"detail": poll.message}
    if evidence.plain:
        return Raised(id="sig-wrong-server-block", facts=facts | {"port": str(HTTP_PORT)})
    if evidence.fallback:
        return Raised(id="http-spa-fallback", facts=facts)
    if poll.code in _BY_CODE:
        return Raised(id=_BY_CODE[poll.code], facts=facts | {"name": "polling"})
    if poll.exchange.status == 403:
        return Raised(id="sio-forbidden", facts=facts)
    proxy = proxy_fault(poll.exchange, evidence.uri)
    if proxy is not None:
        return proxy
    return Raised(id="sio-path" if poll.exchange.status in {200, 404} else "http-status", facts=facts)


_BY_CODE: dict[int | None, str] = {
    0: "sio-unknown-transport",
    1: "sio-unknown-sid",
    2: "sio-bad-method",
    3: "sio-bad-request",
    4: "sio-forbidden",
    5: "sio-eio-mismatch",
}

PROBE = Probe(
    id="sio.handshake",
    title="Socket.IO handshake",
    rung=4,
    schemes=frozenset({"http", "https", "ws", "wss"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=30.0,
    needs=(Accepting,),
    gives=(Spoken,),
    after=("tls.certificate",),
    about=is_socketio,
)
