"""How does the server authenticate, and does it know that it is a TURN server at all?

RFC 8656 section 7.1 and RFC 8489 section 9.2: an Allocate without credentials is answered 401 with REALM and NONCE.
A server may send us elsewhere instead (300, ALTERNATE-SERVER), which is followed once.
"""

import msgspec

from natprobe.address import Address
from natprobe.client.line import Way
from natprobe.client.opening import open_lines
from natprobe.client.rig import Challenged, Greetings, Lines, RelayAlone
from natprobe.client.stun import Reply
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.net.trouble import Trouble
from natprobe.probe import Context, Judgement, Probe
from natprobe.wire.attributes import alternate_server, realm, software, third_party_authorization, xor_relayed_address
from natprobe.wire.challenge import read_challenge
from natprobe.wire.registry import ERROR_NAMES
from natprobe.wire.transactions import Exchange


class Alternate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a 300 sent us, and what stood there."""

    address: Address
    trouble: Trouble | None = None
    exchange: Exchange | None = None


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to an Allocate without credentials."""

    server: Address
    transport: str
    exchange: Exchange
    binding: Exchange | None = None
    """How the Binding of the same flight fared, where the Allocate was not answered."""
    realm: str | None = None
    software: str | None = None
    nonce_length: int | None = None
    """Bytes of the NONCE; its value is kept nowhere."""
    password_algorithms: tuple[int, ...] = ()
    bid_down: bool = False
    third_party: str | None = None
    alternate: Alternate | None = None
    relayed: Address | None = None
    """What a server without authentication allocates at once."""


async def observe(ctx: Context) -> Evidence:
    """Awaits the answer to the first flight's Allocate, and follows one ALTERNATE-SERVER."""
    lines, greetings = ctx.bench.get(Lines), ctx.bench.get(Greetings)
    reply = await greetings.first
    binding = None if reply.message else (await greetings.binding).exchange
    elsewhere = alternate_server(reply.message) if reply.message and reply.exchange.code == 300 else None
    if elsewhere is not None:
        return await _follow(ctx, reply, elsewhere)
    evidence = _described(ctx, reply, binding)
    if _usable(reply):
        third_party = third_party_authorization(reply.message) if reply.message else None
        ctx.bench.put(Challenged(lines.first, lines.second, greetings.second, third_party))
    return evidence


def _usable(reply: Reply) -> bool:
    if reply.message is None:
        return False
    challenge = read_challenge(reply.message) if reply.exchange.code == 401 else None
    # RFC 8489 section 9.2.5: where PASSWORD-ALGORITHMS may have been removed, a client must not go on.
    return reply.exchange.outcome == "success" or (challenge is not None and not challenge.bid_down)


async def _follow(ctx: Context, sent_away: Reply, elsewhere: Address) -> Evidence:
    way = Way(ctx.cell.transport, elsewhere, ctx.cell.target.host)
    lines = await open_lines(ctx.hold, way, ctx.settings.login, 1 if ctx.bench.has(RelayAlone) else 2)
    if isinstance(lines, Trouble):
        alternate = Alternate(address=elsewhere, trouble=lines)
        return msgspec.structs.replace(_described(ctx, sent_away, None), alternate=alternate)
    second = ctx.hold.tasks.create_task(lines.second.greet()) if lines.second else None
    reply = await lines.first.greet()
    if _usable(reply):
        ctx.bench.put(Challenged(lines.first, lines.second, second))
    alternate = Alternate(address=elsewhere, exchange=reply.exchange)
    described = _described(ctx, reply, None)
    return msgspec.structs.replace(described, exchange=sent_away.exchange, alternate=alternate)


def _described(ctx: Context, reply: Reply, binding: Exchange | None) -> Evidence:
    message = reply.message
    challenge = read_challenge(message) if message else None
    return Evidence(
        server=ctx.cell.address,
        transport=ctx.cell.transport,
        exchange=reply.exchange,
        binding=binding,
        realm=realm(message) if message else None,
        software=software(message) if message else None,
        nonce_length=len(challenge.nonce) if challenge else None,
        password_algorithms=tuple(each.algorithm for each in challenge.algorithms) if challenge else (),
        bid_down=challenge.bid_down if challenge else False,
        third_party=third_party_authorization(message) if message else None,
        relayed=xor_relayed_address(message) if message else None,
    )


def judge(evidence: Evidence) -> Judgement:
    """A 401 with realm and nonce is the healthy answer; every other one has a meaning of its own."""
    if evidence.alternate is not None:
        return _alternate(evidence, evidence.alternate)
    exchange = evidence.exchange
    if exchange.outcome == "success":
        summary = "the server allocates a relay without asking who we are"
        return _judged(evidence, Status.WARN, summary, "turn-auth-unchallenged", relayed=str(evidence.relayed or ""))
    if exchange.outcome != "error":
        return _unanswered(evidence)
    if exchange.code != 401:
        return _refused(evidence)
    if evidence.nonce_length is None:
        return _judged(evidence, Status.FAIL, "the 401 carries no REALM or no NONCE", "turn-answer-malformed")
    if evidence.bid_down:
        summary = "the nonce promises PASSWORD-ALGORITHMS, but the attribute is missing: RFC 8489 forbids to go on"
        return _judged(evidence, Status.FAIL, summary, "turn-auth-bid-down")
    return _challenged(evidence)


def _challenged(evidence: Evidence) -> Judgement:
    if not evidence.realm:
        return _judged(
            evidence, Status.WARN, "the server asks for credentials, for an empty realm", "turn-auth-realm-empty"
        )
    by = f", {evidence.software}" if evidence.software else ""
    token = f" or an OAuth token from {evidence.third_party}" if evidence.third_party else ""
    return Judgement(
        status=Status.PASS, summary=f'the server asks for credentials{token}, realm "{evidence.realm}"{by}'
    )


def _alternate(evidence: Evidence, alternate: Alternate) -> Judgement:
    facts = {"alternate": str(alternate.address), "kind": alternate.address.kind}
    if alternate.address.kind != "public" and evidence.server.kind == "public":
        summary = f"the server sends clients to {alternate.address}, a {alternate.address.kind} address"
        return _judged(evidence, Status.FAIL, summary, "turn-alternate-unreachable", **facts)
    heard = alternate.exchange is not None and alternate.exchange.code in {401, None} and alternate.trouble is None
    if not heard or (alternate.exchange and alternate.exchange.outcome not in {"success", "error"}):
        summary = f"the server sends clients to {alternate.address}, which does not serve them"
        return _judged(evidence, Status.FAIL, summary, "turn-alternate-unreachable", **facts)
    summary = f"the server sends clients to {alternate.address}, which asks for credentials"
    return _judged(evidence, Status.PASS, summary, "turn-try-alternate", **facts)


def _unanswered(evidence: Evidence) -> Judgement:
    if evidence.binding is not None and evidence.binding.outcome == "success":
        summary = "Binding is answered, Allocate is not: this is a STUN server and no TURN server"
        return _judged(evidence, Status.FAIL, summary, "stun-only-server")
    if evidence.exchange.discarded:
        summary = f"the answer to Allocate cannot be believed: {evidence.exchange.discarded[0]}"
        return _judged(evidence, Status.FAIL, summary, "turn-answer-malformed", detail=evidence.exchange.discarded[0])
    return _judged(evidence, Status.FAIL, "Allocate is not answered", "turn-allocate-timeout")


def _refused(evidence: Evidence) -> Judgement:
    code = evidence.exchange.code or 0
    phrase = ERROR_NAMES.get(code, "unknown code")
    finding = _CODES.get(code, "turn-allocate-refused")
    summary = f"Allocate without credentials is answered {code} ({phrase})"
    return _judged(evidence, Status.FAIL, summary, finding)


def _judged(evidence: Evidence, status: Status, summary: str, finding: str, **facts: str) -> Judgement:
    known = {
        "detail": summary,
        "address": str(evidence.server),
        "realm": evidence.realm or "",
        "software": evidence.software or "",
    }
    known |= evidence.exchange.facts() | {"transport": evidence.transport}
    return Judgement(status=status, summary=summary, raised=(Raised(id=finding, facts=known | facts),))


_CODES = {300: "turn-alternate-unreachable", 403: "turn-draining", 420: "stun-420", 500: "turn-500"}

PROBE = Probe(
    id="turn.challenge",
    title="Server asks for credentials",
    rung=3,
    schemes=frozenset({"turn", "turns"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=8.0,
    needs=(Lines, Greetings),
    gives=(Challenged,),
)
