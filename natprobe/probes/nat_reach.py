"""Does UDP leave this network, and which STUN servers can look at us?

One socket asks every server at once, and all later comparisons are made on that socket: two sockets have two mappings
behind any NAT. Where nobody answers, TCP is asked as well, since silence alone cannot tell a blocked network from a
server that is down, or one whose own firewall drops UDP.
"""

import asyncio

import msgspec

from natprobe.address import Address
from natprobe.client.sounding import Inquiry, Sounder, Sounding, open_sounder, plain, repeat, until
from natprobe.client.survey import Offer, Reached, Survey, alternates_of, offer_of
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.net.tcp import open_tcp
from natprobe.net.trouble import Reason, Trouble
from natprobe.probe import Context, Judgement, Probe, Server
from natprobe.wire.behaviour import Door, ReachVerdict, reach_of

SENDS_S = (0.0, 0.1, 0.25, 0.5, 0.9, 1.4, 1.9)
GIVE_UP_S = 2.4
MOST_SERVERS = 8
_MOST_ADDRESSES = 2
"""Of one name: its addresses are likely to be one service."""
_GRACE_S = 0.15
_TCP_AFTER_S = 0.7
_TCP_S = 1.4
_TCP_HOSTS = 3
_HTTPS_PORT = 443

# RFC 1812 section 5.2.7.1, RFC 4443 section 3.1: prohibited, and the port unreachable that firewalls like to send.
_REJECTIONS = {(3, 3), (3, 9), (3, 10), (3, 13), (1, 1), (1, 4), (1, 5), (1, 6)}


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of the first question to each server."""

    family: int
    local: Address | None = None
    trouble: Trouble | None = None
    soundings: tuple[Sounding, ...] = ()
    doors: tuple[Door, ...] = ()
    offer: Offer | None = None
    """The server that offered another address (OTHER-ADDRESS or CHANGED-ADDRESS); not proved yet."""
    verdict: ReachVerdict | None = None


async def observe(ctx: Context) -> Evidence:
    """Asks every server, and goes on as soon as it is known who can be built upon."""
    side = ctx.side
    servers = _chosen(side.servers)
    sounder = open_sounder(ctx.hold, servers[0].address, side.source)
    if isinstance(sounder, Trouble):
        return Evidence(family=side.family, trouble=sounder)
    inquiries = tuple(sounder.ask(plain(server.address)) for server in servers)
    tcp = await _ask(ctx, sounder, inquiries)
    soundings = tuple(inquiry.sounding() for inquiry in inquiries)
    names = {server.address: server.target.host for server in servers}
    doors = tuple(_door(each, names[each.to], tcp.get(each.to.host)) for each in soundings)
    verdict, offer = reach_of(doors), _nearest_offer(soundings)
    ctx.bench.put(Reached(verdict, sounder.local))
    if verdict.word == "answered":
        alternates = alternates_of(sounder, offer) if offer else None
        ctx.bench.put(Survey(sounder, inquiries, offer, alternates))
    return Evidence(
        family=side.family, local=sounder.local, soundings=soundings, doors=doors, offer=offer, verdict=verdict
    )


def _chosen(servers: tuple[Server, ...]) -> tuple[Server, ...]:
    used: dict[str, int] = {}
    chosen: list[Server] = []
    for server in servers:
        name = str(server.target)
        used[name] = used.get(name, 0) + 1
        if used[name] <= _MOST_ADDRESSES:
            chosen.append(server)
    return tuple(chosen[:MOST_SERVERS])


async def _ask(ctx: Context, sounder: Sounder, inquiries: tuple[Inquiry, ...]) -> dict[str, bool]:
    """Asks until it is enough; returns which hosts react over TCP, where UDP was silent."""
    async with asyncio.TaskGroup() as group:
        asking = [group.create_task(repeat(each, SENDS_S, give_up_s=GIVE_UP_S)) for each in inquiries]
        asked = group.create_task(asyncio.wait(asking))
        asked.add_done_callback(lambda _: sounder.changed.set())
        tcp = group.create_task(_tcp(ctx, sounder, inquiries))
        await until(sounder, lambda: _heard(inquiries) or asked.done(), GIVE_UP_S)
        if _heard(inquiries):
            grace_s = max(_GRACE_S, 2 * max(each.sounding().slowest_ms for each in inquiries) / 1000)
            await until(sounder, lambda: asked.done() or _offered(inquiries), grace_s)
            for task in (*asking, asked, tcp):
                task.cancel()
    return {} if tcp.cancelled() else tcp.result()


def _heard(inquiries: tuple[Inquiry, ...]) -> bool:
    return any(inquiry.heard.is_set() for inquiry in inquiries)


def _offered(inquiries: tuple[Inquiry, ...]) -> bool:
    return any(offer_of(inquiry.sounding()) for inquiry in inquiries if inquiry.heard.is_set())


async def _tcp(ctx: Context, sounder: Sounder, inquiries: tuple[Inquiry, ...]) -> dict[str, bool]:
    await until(sounder, lambda: all(inquiry.hopeless for inquiry in inquiries), _TCP_AFTER_S)
    addresses = {inquiry.question.to.host: inquiry.question.to for inquiry in inquiries}
    asked = tuple(addresses.values())[:_TCP_HOSTS]
    doors = [(to.host, port) for to in asked for port in dict.fromkeys((to.port, _HTTPS_PORT))]
    reactions = await asyncio.gather(*(_reacts(ctx, Address(host, port)) for host, port in doors))
    found: dict[str, bool] = {}
    for (host, _), reacts in zip(doors, reactions, strict=True):
        found[host] = found.get(host, False) or reacts
    return found


async def _reacts(ctx: Context, address: Address) -> bool:
    line = await open_tcp(address, ctx.clock, ctx.hold.trace, timeout_s=_TCP_S)
    if isinstance(line, Trouble):
        return line.reason in {Reason.REFUSED, Reason.RESET}
    await line.close()
    return True


def _door(sounding: Sounding, name: str, tcp: bool | None) -> Door:  # noqa: FBT001  three values, not a switch
    rejections = [each for each in sounding.troubles if (each.icmp_type, each.icmp_code) in _REJECTIONS]
    offenders = [each.offender.host for each in rejections if each.offender]
    return Door(
        host=sounding.to.host,
        name=name,
        answered=sounding.arrived,
        forbidden=any(each.reason is Reason.NOT_PERMITTED for each in sounding.troubles),
        rejected_by=next((host for host in offenders if host != sounding.to.host), None),
        refused=sounding.to.host in offenders,
        oddity=_oddity(sounding),
        tcp=tcp,
    )


def _oddity(sounding: Sounding) -> str | None:
    if sounding.arrived:
        return None
    if sounding.code is not None:
        return f"{sounding.to} answers with error {sounding.code}"
    return f"{sounding.to} was asked, {sounding.strays[0].source} answered" if sounding.strays else None


def _nearest_offer(soundings: tuple[Sounding, ...]) -> Offer | None:
    nearest = sorted((each for each in soundings if each.arrived), key=lambda each: each.slowest_ms)
    return next((offer for each in nearest if (offer := offer_of(each))), None)


def judge(evidence: Evidence) -> Judgement:
    """An answer is enough here; that nobody answers is told as blocked only where something proves it."""
    if evidence.trouble is not None:
        status = Status.SKIP if evidence.trouble.reason is Reason.NO_ROUTE else Status.INCONCLUSIVE
        return Judgement(status=status, summary=f"not tested: {evidence.trouble.detail}")
    verdict = evidence.verdict
    if verdict is None or verdict.word == "unknown":
        why = verdict.why if verdict else "nothing was asked"
        return Judgement(status=Status.INCONCLUSIVE, summary=f"{_asked(evidence)}: {why}")
    if verdict.word == "blocked":
        sends, waited = _sends(evidence), f"{_waited_s(evidence):.1f} s"
        raised = Raised(id="nat-udp-blocked", facts={"sends": str(sends), "waited": waited})
        summary = f"UDP is blocked: {_asked(evidence)}, and {verdict.why}"
        return Judgement(status=Status.WARN, summary=summary, raised=(raised,))
    return Judgement(status=Status.PASS, summary=_told(evidence))


def _told(evidence: Evidence) -> str:
    heard = [sounding for sounding in evidence.soundings if sounding.arrived]
    nearest = min(heard, key=lambda sounding: sounding.slowest_ms)
    others = f", {len(heard)} of {len(evidence.soundings)} servers do" if len(evidence.soundings) > 1 else ""
    offers = "; it offers RFC 5780" if evidence.offer and evidence.offer.primary == nearest.to else ""
    return f"{nearest.to} answers in {nearest.slowest_ms:.0f} ms{others}{offers}"


def _asked(evidence: Evidence) -> str:
    return f"no answer to {_sends(evidence)} requests in {_waited_s(evidence):.1f} s"


def _sends(evidence: Evidence) -> int:
    return sum(len(sounding.sends_ms) for sounding in evidence.soundings)


def _waited_s(evidence: Evidence) -> float:
    return max((sounding.waited_ms for sounding in evidence.soundings), default=0.0) / 1000


PROBE = Probe(
    id="nat.reach",
    title="UDP gets out",
    schemes=frozenset({"stun", "turn"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=4.0,
    gives=(Reached, Survey),
    scope="host",
)
