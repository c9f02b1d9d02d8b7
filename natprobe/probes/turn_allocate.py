"""Does the server give us a relay for these credentials, and is its address one that peers can reach?

RFC 8656 section 7. Two allocations are asked for at once: the second is the other end of relay to relay. A port that
the server still holds (437) is left for a new one, an address family that it lacks (440) is not insisted on.
"""

import asyncio
from functools import partial

import msgspec

from natprobe.address import Address
from natprobe.client.allocating import Attempt, attempt
from natprobe.client.line import Way
from natprobe.client.opening import open_client
from natprobe.client.rig import Challenged, Paths, Relays, Trusted
from natprobe.client.turn import TurnClient
from natprobe.credential import CredentialFacts, examine, suspicions
from natprobe.credential.words import duration_text
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe
from natprobe.wire.attributes import alternate_server
from natprobe.wire.registry import ALLOCATION_LIFETIME_S, ERROR_NAMES
from natprobe.wire.transactions import Exchange

_LONG_USER = 128
_LAST_SECOND_S = 1.0
"""coturn compares whole seconds, and by its own clock: what has less left than this may be over there."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the authenticated Allocate brought."""

    server: Address
    exchanges: tuple[Exchange, ...] = ()
    relayed: Address | None = None
    mapped: Address | None = None
    """What the server sees as our address (XOR-MAPPED-ADDRESS)."""
    lifetime_s: int | None = None
    realm: str | None = None
    algorithms: tuple[int, ...] = ()
    """The PASSWORD-ALGORITHMS that the server offered (RFC 8489 section 14.11)."""
    alternate: Address | None = None
    """Where a 300 to the authenticated Allocate sends us; not followed, the challenge was the time for that."""
    third_party: str | None = None
    """Who issues tokens, where the server offers OAuth (RFC 7635)."""
    credential: CredentialFacts | None = None
    """What the credential looks like; None where none was given."""
    credential_origin: str | None = None
    """Where it was found: an option, a variable, a file, or the answer of another target."""
    minted: bool = False
    family_refused: bool = False
    """Whether the server answered 440 to the address family of its own control connection."""
    new_ports: int = 0
    """How often a 437 was answered by trying again from a new port."""
    declared_ports: tuple[int, int] | None = None


async def observe(ctx: Context) -> Evidence:
    """Allocates on both lines at once; what they hold is released when the cell ends."""
    challenged = ctx.bench.get(Challenged)
    credential = ctx.settings.credential
    if credential is None and challenged.first.session.relayed is None:
        return Evidence(server=ctx.cell.address)
    first, second = await asyncio.gather(_attempt(ctx, challenged.first), _attempt_second(ctx, challenged))
    if not first.dialogue.succeeded and second is not None and second.dialogue.succeeded:
        first, second = second, first  # a quota of one may be taken by either
    client = first.client
    if client.session.relayed is not None:
        other = second if second is not None else None
        ctx.bench.put(Relays(client, other.client if other else None, other.dialogue if other else None))
        ctx.bench.put(Paths())
    challenge = client.session.challenge
    return Evidence(
        server=client.server,
        exchanges=first.dialogue.exchanges,
        relayed=client.session.relayed,
        mapped=client.session.mapped,
        lifetime_s=client.session.lifetime_s,
        realm=challenge.realm.decode(errors="replace") if challenge else None,
        algorithms=tuple(each.algorithm for each in challenge.algorithms) if challenge else (),
        alternate=alternate_server(first.dialogue.message) if first.dialogue.message else None,
        third_party=challenged.third_party,
        # By the moment of the answer: an endpoint may hand out what ends within the second.
        credential=examine(credential, ctx.settings.now_s + ctx.clock.now()) if credential else None,
        credential_origin=ctx.settings.credential_origin,
        minted=ctx.settings.minted,
        family_refused=first.family_refused,
        new_ports=first.new_ports,
        declared_ports=ctx.settings.relay_ports,
    )


async def _attempt_second(ctx: Context, challenged: Challenged) -> Attempt | None:
    if challenged.second is None or challenged.second_greeted is None:
        return None
    await challenged.second_greeted
    return await _attempt(ctx, challenged.second)


async def _attempt(ctx: Context, client: TurnClient) -> Attempt:
    way = Way(ctx.cell.transport, client.server, ctx.cell.target.host)
    return await attempt(client, partial(open_client, ctx.hold, way, ctx.settings.login))


def judge(evidence: Evidence) -> Judgement:
    """The code says which stage refused; for a 401 the credential itself says why."""
    if not evidence.exchanges:
        summary = "not tested: no credentials were given (-u USER with -p, or --secret)"
        return Judgement(status=Status.INCONCLUSIVE, summary=summary)
    last = evidence.exchanges[-1]
    if last.outcome == "error":
        return _refused(evidence, last)
    if last.outcome != "success":
        return _unanswered(evidence, last)
    if evidence.relayed is None:
        return _judged(evidence, Status.FAIL, "the success response names no relayed address", "turn-answer-malformed")
    return _granted(evidence, evidence.relayed)


def _granted(evidence: Evidence, relayed: Address) -> Judgement:
    lifetime = evidence.lifetime_s
    said = f"relayed address {relayed}" + ("" if lifetime is None else f", lifetime {lifetime} s")
    if _is_no_address(relayed):
        summary = f"the relayed address is {relayed}, to which nobody can send"
        return _judged(evidence, Status.FAIL, summary, "turn-answer-malformed")
    misplaced = _misplaced(evidence, relayed)
    if misplaced is not None:
        summary = f"{said}: {_aan(relayed.kind)} address, which peers outside cannot reach"
        return _judged(evidence, Status.FAIL, summary, misplaced)
    declared = evidence.declared_ports
    if declared and not declared[0] <= relayed.port <= declared[1]:
        summary = f"{said}: the port is not in the declared range {declared[0]}-{declared[1]}"
        return _judged(evidence, Status.FAIL, summary, "docker-relay-range-mismatch")
    if lifetime is not None and lifetime < ALLOCATION_LIFETIME_S:
        finding = "turn-lifetime-short" if lifetime else "turn-lifetime-zero"
        return _judged(evidence, Status.WARN, said, finding)
    if evidence.family_refused:
        return _judged(evidence, Status.WARN, f"{said}; no IPv6 relay (440)", "turn-family-unsupported")
    return Judgement(status=Status.PASS, summary=said)


def _is_no_address(relayed: Address) -> bool:
    """RFC 8656 section 7.2: a relayed address is a socket's own, which has a port and is nobody else's as well."""
    return relayed.port == 0 or relayed.ip.is_multicast or relayed.host == "255.255.255.255"


def _misplaced(evidence: Evidence, relayed: Address) -> str | None:
    if evidence.server.kind in {relayed.kind, "loopback"}:
        return None
    if relayed.host.startswith("172.17."):
        return "turn-relay-picks-docker0"
    return _MISPLACED.get(relayed.kind)


def _aan(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _unanswered(evidence: Evidence, last: Exchange) -> Judgement:
    if any("MESSAGE-INTEGRITY" in why for why in last.discarded):
        summary = f"the answer must not be believed (RFC 8489 section 9.2.5): {last.discarded[0]}"
        return _judged(evidence, Status.FAIL, summary, "turn-auth-integrity-missing-in-response")
    if last.discarded:
        summary = f"the answer cannot be believed: {last.discarded[0]}"
        return _judged(evidence, Status.FAIL, summary, "turn-answer-malformed", detail=last.discarded[0])
    waited = f"{(last.waited_ms or 0) / 1000:.1f} s"
    summary = f"the authenticated Allocate is not answered ({last.outcome}, waited {waited})"
    return _judged(evidence, Status.FAIL, summary, "turn-allocate-timeout")


def _refused(evidence: Evidence, last: Exchange) -> Judgement:
    code = last.code or 0
    phrase = ERROR_NAMES.get(code, "unknown code")
    if code == 401:
        return _unauthorized(evidence)
    finding = _CODES.get(code, "turn-allocate-refused")
    if code == 400:
        finding = _bad_request(evidence)
    tries = f", from {evidence.new_ports + 1} ports" if evidence.new_ports else ""
    summary = f"Allocate is refused: {code} ({phrase}){tries}"
    return _judged(evidence, Status.FAIL, summary, finding, **({"transport": "UDP"} if code == 442 else {}))


def _bad_request(evidence: Evidence) -> str:
    if evidence.algorithms:
        return "turn-auth-password-algorithm-400"
    user = evidence.credential.username if evidence.credential else ""
    odd = not user.isascii() or not user.isprintable() or len(user) > _LONG_USER
    return "turn-auth-bad-utf8-or-long" if odd else "turn-allocate-refused"


def _unauthorized(evidence: Evidence) -> Judgement:
    facts = evidence.credential
    if evidence.third_party is not None:
        summary = f"401 to these credentials: the server wants an OAuth token from {evidence.third_party}"
        return _judged(evidence, Status.FAIL, summary, "turn-oauth-required", name=evidence.third_party)
    raised = suspicions(facts) if facts else ()
    if raised and facts:
        known = _facts(evidence)
        told = tuple(Raised(id=each.id, facts=known | each.facts) for each in raised)
        return Judgement(status=Status.FAIL, summary=f"401: {_WHY.get(raised[0].id, raised[0].id)}", raised=told)
    if facts and facts.expires_in_s is not None and facts.expires_in_s < _LAST_SECOND_S:
        summary = "401: the REST credential ends in this very second"
        return _judged(evidence, Status.FAIL, summary, "turn-auth-rest-expired", expired_for=duration_text(0.0))
    if evidence.minted:
        summary = "401 to a credential that natprobe minted itself from the shared secret"
        return _judged(evidence, Status.FAIL, summary, "turn-auth-rest-wrong-secret")
    if facts and facts.looks_like_rest:
        summary = "401, though the REST credential is in form and in time: wrong secret, or no REST server"
        return _judged(evidence, Status.FAIL, summary, "turn-auth-rest-wrong-secret")
    user = facts.username if facts else ""
    return _judged(
        evidence,
        Status.FAIL,
        f'401: the server does not accept this password for user "{user}"',
        "turn-auth-401-bad-credentials",
    )


def _judged(evidence: Evidence, status: Status, summary: str, finding: str, **facts: str) -> Judgement:
    return Judgement(
        status=status,
        summary=summary,
        raised=(Raised(id=finding, facts=_facts(evidence) | {"detail": summary} | facts),),
    )


def _facts(evidence: Evidence) -> dict[str, str]:
    last = evidence.exchanges[-1]
    relayed, declared = evidence.relayed, evidence.declared_ports
    facts = {
        "address": str(evidence.server),
        "host": evidence.server.host,
        "realm": '""' if evidence.realm == "" else evidence.realm or "",
        "alternate": str(evidence.alternate or ""),
        "user": evidence.credential.username if evidence.credential else "",
        "lifetime": "" if evidence.lifetime_s is None else f"{evidence.lifetime_s} s",
    } | last.facts()
    if relayed:
        facts |= {"relayed": str(relayed), "relayed_host": relayed.host, "relayed_port": str(relayed.port)}
        facts["kind"] = relayed.kind
    if declared:
        facts["range"] = f"{declared[0]}-{declared[1]}"
    return facts


_MISPLACED = {
    "private": "turn-relay-private-address",
    "link-local": "turn-relay-private-address",
    "cgnat": "turn-relay-cgnat",
    "loopback": "turn-relay-loopback",
    "unspecified": "turn-relay-loopback",
}
_CODES = {
    300: "turn-alternate-unreachable",
    403: "turn-draining",
    437: "turn-allocation-mismatch-437",
    438: "turn-nonce-wrong-loop",
    440: "turn-family-unsupported",
    441: "turn-auth-441-wrong-credentials",
    442: "turn-transport-unsupported",
    486: "turn-quota-reached",
    500: "turn-500",
    508: "turn-ports-exhausted",
}
_WHY = {
    "turn-auth-rest-expired": "the REST credential has expired",
    "turn-auth-rest-ms-timestamp": "the REST user name counts milliseconds, TURN servers count seconds",
    "turn-auth-rest-wrong-digest": "the REST password is no base64 of an HMAC-SHA1",
}

PROBE = Probe(
    id="turn.allocate",
    title="Relay allocated",
    rung=4,
    schemes=frozenset({"turn", "turns"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=15.0,
    needs=(Challenged, Trusted),
    gives=(Relays, Paths),
)
