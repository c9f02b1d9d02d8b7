"""Is Janus there, does it take sessions, and does it know the address that clients must send media to?

Its `info` is open to everybody, over HTTP and over WebSocket, and says how it was configured.
"""

from typing import Any

import msgspec

from natprobe.address import Address, AddressKind, is_literal, kind_of
from natprobe.client.http import HttpExchange
from natprobe.client.rig import Accepting
from natprobe.events import Raised
from natprobe.gateway.janus import Answer, Api, Gateway, over_http, over_websocket, secret_for
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe
from natprobe.signalling.controls import is_fallback
from natprobe.signalling.refusals import is_of_tls, unanswered
from natprobe.signalling.upgrades import Upgraded

SHORT_S = 30
"""janus.js says keepalive every 25 s."""
_INWARD: frozenset[AddressKind] = frozenset({"private", "cgnat", "loopback", "link-local"})


class Info(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What server_info says; None where it leaves something out."""

    name: str = ""
    version: str = ""
    accepting: bool | None = None
    session_timeout_s: int | None = None
    local_ip: str | None = None
    public_ips: tuple[str, ...] = ()
    ice_lite: bool | None = None
    ice_tcp: bool | None = None
    full_trickle: bool | None = None
    stun_server: str | None = None
    turn_server: str | None = None
    api_secret: bool | None = None
    plugins: tuple[str, ...] = ()


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to info."""

    server: Address
    uri: str
    unopened: bool = False
    """The WebSocket that would carry the question does not open."""
    exchange: HttpExchange | None = None
    """None over a WebSocket."""
    detail: str = ""
    """Why no server_info could be read."""
    fallback: bool = False
    """The answer is the page that the server gives for any path."""
    info: Info | None = None


async def observe(ctx: Context) -> Evidence:
    """Asks for it; puts `Gateway` on the bench where it came."""
    evidence = Evidence(server=ctx.cell.address, uri=str(ctx.cell.target))
    if ctx.cell.target.scheme.endswith(("ws", "wss")) and not ctx.bench.has(Upgraded):
        return msgspec.structs.replace(evidence, unopened=True)
    api = await _api(ctx)
    if isinstance(api, str):
        return msgspec.structs.replace(evidence, detail=api)
    answer = await api.info()
    if answer.kind == "server_info":
        ctx.bench.put(Gateway(api))
        return msgspec.structs.replace(evidence, exchange=answer.exchange, info=_info(answer))
    fallback = answer.html and answer.exchanged is not None and await is_fallback(ctx, answer.exchanged)
    said = answer.detail or f"it answered janus {answer.kind!r}"
    return msgspec.structs.replace(evidence, exchange=answer.exchange, detail=said, fallback=fallback)


async def _api(ctx: Context) -> Api | str:
    if ctx.cell.target.scheme.endswith(("http", "https")):
        return over_http(ctx, secret_for(ctx))
    api = await over_websocket(ctx, secret_for(ctx))
    return api if api is not None else "the WebSocket did not open again"


def _info(answer: Answer) -> Info:
    told = answer.message or {}
    plugins = told.get("plugins")
    listed = told.get("public-ips") or [told.get("public-ip")]
    return Info(
        name=_text(told, "name") or "",
        version=_text(told, "version_string") or "",
        accepting=_flag(told, "accepting-new-sessions"),
        session_timeout_s=_number(told, "session-timeout"),
        local_ip=_text(told, "local-ip"),
        public_ips=tuple(str(each)[:64] for each in listed[:8] if isinstance(each, str))
        if isinstance(listed, list)
        else (),
        ice_lite=_flag(told, "ice-lite"),
        ice_tcp=_flag(told, "ice-tcp"),
        full_trickle=_flag(told, "full-trickle"),
        stun_server=_text(told, "stun-server"),
        turn_server=_text(told, "turn-server"),
        api_secret=_flag(told, "api_secret"),
        plugins=tuple(str(name)[:80] for name in list(plugins)[:32]) if isinstance(plugins, dict) else (),
    )


def _text(told: dict[str, Any], name: str) -> str | None:
    value = told.get(name)
    return value[:120] if isinstance(value, str) and value else None


def _flag(told: dict[str, Any], name: str) -> bool | None:
    value = told.get(name)
    return value if isinstance(value, bool) else None


def _number(told: dict[str, Any], name: str) -> int | None:
    value = told.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else None


def judge(evidence: Evidence) -> Judgement:
    """What keeps calls from starting fails; what makes some of them fail warns."""
    if evidence.unopened:
        return Judgement(status=Status.SKIP, summary="not tested: it needs ws.upgrade")
    info = evidence.info
    if info is None:
        return _judged_absence(evidence)
    facts = {"uri": evidence.uri, "software": f"{info.name} {info.version}".strip()}
    failed = (*_not_accepting(info, facts), *_private(evidence, info, facts))
    warned = (*_lite(info, facts), *_short(info, facts))
    noted = (Raised(id="janus-turn-misuse", facts=facts | {"name": info.turn_server}),) if info.turn_server else ()
    status = Status.FAIL if failed else (Status.WARN if warned else Status.PASS)
    return Judgement(status=status, summary=_words(info), raised=(*failed, *warned, *noted))


def _judged_absence(evidence: Evidence) -> Judgement:
    if evidence.exchange is not None and is_of_tls(evidence.exchange):
        return unanswered(evidence.exchange, evidence.uri)
    status = evidence.exchange.status if evidence.exchange else None
    facts = {"uri": evidence.uri, "detail": evidence.detail, "code": str(status or "")}
    finding = "http-spa-fallback" if evidence.fallback else "janus-unreachable"
    words = f"no server_info: {evidence.detail}" + (", the one that any path gets" if evidence.fallback else "")
    return Judgement(status=Status.FAIL, summary=words, raised=(Raised(id=finding, facts=facts),))


def _words(info: Info) -> str:
    words = [f"Janus {info.version or 'of an unknown version'}"]
    words.append("takes no new sessions" if info.accepting is False else "takes sessions")
    if info.session_timeout_s is not None:
        words.append(
            "never ends them" if not info.session_timeout_s else f"ends quiet ones after {info.session_timeout_s} s"
        )
    words.append(f"local address {info.local_ip or 'not told'}")
    words += [f"public address {', '.join(info.public_ips)}"] if info.public_ips else []
    words += ["ICE lite"] if info.ice_lite else []
    words += ["asks for an API secret"] if info.api_secret else []
    return ", ".join(words)


def _not_accepting(info: Info, facts: dict[str, str]) -> tuple[Raised, ...]:
    return (Raised(id="janus-not-accepting", facts=facts),) if info.accepting is False else ()


def _private(evidence: Evidence, info: Info, facts: dict[str, str]) -> tuple[Raised, ...]:
    """No fault where the server itself is reached at an address of that kind."""
    local = info.local_ip
    if local is None or not is_literal(local) or info.public_ips or info.stun_server:
        return ()
    kind = kind_of(local)
    if kind not in _INWARD or evidence.server.kind in _INWARD:
        return ()
    return (Raised(id="janus-private-ip", facts=facts | {"address": local, "kind": kind}),)


def _lite(info: Info, facts: dict[str, str]) -> tuple[Raised, ...]:
    mapped = [each for each in info.public_ips if each != info.local_ip]
    return (Raised(id="janus-lite-with-1to1", facts=facts),) if info.ice_lite and mapped else ()


def _short(info: Info, facts: dict[str, str]) -> tuple[Raised, ...]:
    timeout_s = info.session_timeout_s
    if not timeout_s or timeout_s > SHORT_S:
        return ()
    return (Raised(id="janus-session-timeout", facts=facts | {"lifetime": f"{timeout_s} s"}),)


PROBE = Probe(
    id="janus.info",
    title="Janus",
    rung=5,
    schemes=frozenset({"janus+http", "janus+https", "janus+ws", "janus+wss"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=20.0,
    needs=(Accepting,),
    gives=(Gateway,),
    after=("tls.certificate", "ws.upgrade"),
)
