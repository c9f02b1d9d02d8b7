"""Does AppRTC's room server let somebody join, and does what it hands out work?

POST /join/ROOM for a room that nobody else is in, as its page does, and POST /leave/ROOM/CLIENT at once. The answer
names the collider (`wss_url`, `wss_post_url`), the endpoint for ICE servers (`ice_server_url`) and perhaps ICE servers
themselves (`pc_config`, JSON within JSON): each is checked as a target of its own.
"""

import re
import secrets
from typing import Any
from urllib.parse import unquote, urljoin

import msgspec

from natprobe.address import Address
from natprobe.client.http import Exchanged, HttpExchange
from natprobe.client.rig import Accepting
from natprobe.credential import Secret
from natprobe.events import Raised
from natprobe.iceservers import IceServersError, read
from natprobe.model import Status
from natprobe.probe import Context, Followed, Judgement, Lead, Probe
from natprobe.target import Target, TargetError, parse
from natprobe.web.asking import PATIENCE, ask
from natprobe.web.gravity import status_of
from natprobe.web.handed import HandedOut, follow_server, public_users
from natprobe.wire.http.text import without_secrets

_CLIENT = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LONGEST_URL = 2048
_MOST_MESSAGES = 4


class Link(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One URL of the answer."""

    name: str
    """The parameter's name, such as wss_url."""
    uri: str
    """As it is checked; the values of its query are hidden."""
    followed: Followed | None = None
    """None where it is no URL, or where another one stands for it."""
    problem: str | None = None
    """Why it is not checked, as a clause."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to a join, and what it names."""

    server: Address
    uri: str
    answer: HttpExchange
    failed: str | None = None
    """Why there is no place in the room, as a clause; None where there is."""
    links: tuple[Link, ...] = ()
    servers: tuple[HandedOut, ...] = ()
    """The ICE servers in `pc_config`."""
    raised: tuple[Raised, ...] = ()
    """What is wrong with that list."""
    messages: tuple[str, ...] = ()
    """What the server itself complains about."""
    left: int | None = None
    """The status of the answer to leaving; None where that was not answered, or could not be asked."""


async def observe(ctx: Context) -> Evidence:
    """Joins, leaves, and has checked what was named."""
    base, room = ctx.cell.target.path.rstrip("/"), f"natprobe-{secrets.token_hex(6)}"
    answer = await ask(ctx, "POST", path=f"{base}/join/{room}")
    evidence = Evidence(server=ctx.cell.address, uri=str(ctx.cell.target), answer=answer.seen)
    params = _params(answer)
    if isinstance(params, str):
        return msgspec.structs.replace(evidence, failed=params)
    client = str(params.get("client_id", ""))
    left = await ask(ctx, "POST", path=f"{base}/leave/{room}/{client}", limits=PATIENCE) if _is_id(client) else None
    servers, raised = _servers(ctx, params.get("pc_config"))
    return msgspec.structs.replace(
        evidence,
        links=_links(ctx, params),
        servers=servers,
        raised=raised,
        messages=_messages(params),
        left=left.status if left else None,
    )


def _is_id(client: str) -> bool:
    return _CLIENT.fullmatch(client) is not None


def _params(answer: Exchanged) -> dict[str, Any] | str:
    """What was handed out, or a clause that says why nothing was."""
    if not answer.seen.answered:
        return answer.seen.trouble.detail if answer.seen.trouble else "nothing was answered"
    if answer.status != 200:
        return f"it answers {answer.status}"
    if answer.seen.cut is not None:
        return f"its answer is not whole: {answer.seen.cut}"
    try:
        told = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return "its answer is no JSON"
    params = told.get("params") if isinstance(told, dict) else None
    if not isinstance(params, dict):
        return "its answer has no params"
    result = told.get("result")
    return params if result == "SUCCESS" else f"its result is {str(result)[:40]!r}"


def _messages(params: dict[str, Any]) -> tuple[str, ...]:
    told = [each for name in ("error_messages", "warning_messages") for each in _list(params.get(name))]
    return tuple(without_secrets(str(each)[:200]) for each in told[:_MOST_MESSAGES])


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _servers(ctx: Context, config: Any) -> tuple[tuple[HandedOut, ...], tuple[Raised, ...]]:
    """The ICE servers of a peer connection's configuration; an empty list is no fault, the endpoint is asked then."""
    try:
        told = msgspec.json.decode(config) if isinstance(config, str) else config
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        told = None
    servers = told.get("iceServers") if isinstance(told, dict) else None
    if not servers:
        return (), ()
    try:
        listed = read(msgspec.json.encode(servers).decode(), str(ctx.cell.target), ctx.settings.now_s)
    except IceServersError as error:
        facts = {"uri": str(ctx.cell.target), "detail": error.detail}
        return (), (Raised(id=error.finding, facts=facts),)
    return tuple(follow_server(ctx, each) for each in listed.servers), listed.raised


def _links(ctx: Context, params: dict[str, Any]) -> tuple[Link, ...]:
    return tuple(
        link for name in ("wss_url", "wss_post_url", "ice_server_url") if (link := _link(ctx, name, params)) is not None
    )


def _link(ctx: Context, name: str, params: dict[str, Any]) -> Link | None:
    url = params.get(name)
    if not isinstance(url, str) or not url:
        missing = Link(name=name, uri="", problem="there is none")
        return missing if name == "wss_url" else None
    try:
        lead = _lead(ctx, name, url[:_LONGEST_URL])
    except (TargetError, ValueError) as error:
        why = str(error) if isinstance(error, TargetError) else "it is no URL"
        return Link(name=name, uri=without_secrets(url[:_LONGEST_URL]), problem=why)
    uri = without_secrets(str(lead.target))
    if name == "wss_post_url" and _same_port(lead.target, params.get("wss_url")):
        return Link(name=name, uri=uri, problem="it is on the port of wss_url")
    return Link(name=name, uri=uri, followed=ctx.follow(lead))


def _lead(ctx: Context, name: str, url: str) -> Lead:
    here = ctx.cell.target.web_url
    page = ctx.settings.expect.page or here
    whole = urljoin(here, url)
    if name == "wss_url":
        return Lead(parse(f"collider+{whole}"), page=page)
    target = parse(whole)
    if name == "wss_post_url":  # only POST has an answer there, so its port is looked at
        literal = f"[{target.host}]" if ":" in target.host else target.host
        return Lead(parse(f"{'tls' if target.secure else 'tcp'}:{literal}:{target.effective_port}"), page=page)
    bare, pairs = _without_secrets(parse(f"iceconfig+{whole}"))
    return Lead(bare, query_secrets=pairs, page=page, method="POST")


def _without_secrets(target: Target) -> tuple[Target, tuple[tuple[str, Secret], ...]]:
    """The target without the parameters that have a value, and those."""
    pairs = [piece.partition("=") for piece in (target.query or "").split("&") if piece]
    kept = "&".join(f"{name}{equals}" for name, equals, value in pairs if not value)
    told = tuple((unquote(name), Secret(unquote(value))) for name, _, value in pairs if value)
    return msgspec.structs.replace(target, query=kept or None), told


def _same_port(post: Target, wss_url: Any) -> bool:
    try:
        wss = parse(str(wss_url))
    except TargetError:
        return False
    return (wss.host, wss.effective_port) == (post.host, post.first_port)


def judge(evidence: Evidence) -> Judgement:
    """What is named is judged by its own checks; that it cannot be checked at all is told here."""
    if evidence.failed is not None:
        return _told(evidence, (_raised(evidence, "apprtc-join-failed", evidence.failed),), evidence.failed)
    bad = [link for link in evidence.links if link.name == "wss_url" and _is_unusable(link)]
    unusable = (_raised(evidence, "sig-apprtc-wss", _why(link), uri=link.uri) for link in bad)
    raised = (*evidence.raised, *unusable, *public_users(evidence.servers, evidence.uri))
    names = ", ".join(f"{link.name} {link.uri}" for link in evidence.links)
    said = f"; it says: {'; '.join(evidence.messages)}" if evidence.messages else ""
    count = len(evidence.servers)
    servers = f", {count} ICE server{'' if count == 1 else 's'}" if count else ""
    return _told(evidence, raised, f"joined, and left again: {names or 'nothing named'}{servers}{said}")


def _is_unusable(link: Link) -> bool:
    return link.problem is not None or link.followed == "withheld"


def _why(link: Link) -> str:
    return link.problem or "it points to where no answer may send us, and was not checked"


def _told(evidence: Evidence, raised: tuple[Raised, ...], summary: str) -> Judgement:
    status = status_of(raised)
    if status is Status.PASS and evidence.messages:
        status = Status.WARN
    return Judgement(status=status, summary=summary, raised=raised)


def _raised(evidence: Evidence, finding: str, detail: str, uri: str = "") -> Raised:
    facts = {"uri": uri or evidence.uri, "address": str(evidence.server), "detail": detail}
    return Raised(id=finding, facts=facts)


PROBE = Probe(
    id="apprtc.join",
    title="Join a room",
    rung=4,
    schemes=frozenset({"apprtc+http", "apprtc+https"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=15.0,
    needs=(Accepting,),
    after=("tls.certificate",),
)
