"""Are the candidates there that a call needs: a reflexive one for direct calls, a relayed one for all others?

Judged when the gathering has ended. Also says where a browser with the same servers would show something else. No plan
of checks picks this probe; `natprobe gather` tells it once.
"""

from typing import Literal

import msgspec

from natprobe.events import Raised
from natprobe.model import Candidate, Status
from natprobe.probe import Context, Judgement, Probe

SLOW_MS = 2000.0


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the whole gathering brought."""

    policy: Literal["all", "relay"]
    host: int
    srflx: int
    relay: int
    reflected: bool
    """Whether any server told this host its address; equal to the host's own it makes no candidate of its own."""
    stun: tuple[str, ...] = ()
    turn: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    """The URIs that gave nothing, in the order in which they were given up."""
    complete_ms: float
    browser: tuple[str, ...] = ()
    """Where a browser would show something else, one sentence each."""


async def observe(ctx: Context) -> Evidence:
    """Takes what the gathering put on the bench; nothing is asked."""
    return ctx.bench.get(Evidence)


def judge(evidence: Evidence) -> Judgement:
    """A missing relay fails, since some users have nothing else; a missing reflexive candidate is a warning."""
    counts = (("host", evidence.host), ("srflx", evidence.srflx), ("relay", evidence.relay))
    told = ", ".join(f"{count} {kind}" for kind, count in counts if count) or "no candidates"
    summary = f"{told}; complete after {evidence.complete_ms / 1000:.2f} s"
    if evidence.policy == "relay" and not evidence.relay:
        why = "no TURN server gave an address" if evidence.turn else "no TURN server is named"
        return _judged(Status.FAIL, f"{summary}: {why}", "ice-relay-only-no-turn", detail=why)
    if evidence.turn and not evidence.relay:
        facts = {"uri": ", ".join(evidence.turn), "detail": "each is told with its cause"}
        return _judged(Status.FAIL, f"{summary}: no relay", "ice-no-relay", **facts)
    if not (evidence.host or evidence.relay or evidence.srflx):
        return Judgement(status=Status.FAIL, summary=f"{summary}: this host has no address that leads anywhere")
    if evidence.policy == "all" and (evidence.stun or evidence.turn) and not evidence.reflected:
        facts = {"uri": ", ".join(evidence.stun or evidence.turn), "detail": "no server told this host its address"}
        return _judged(Status.WARN, f"{summary}: no server-reflexive candidate", "ice-no-srflx", **facts)
    if evidence.missed and evidence.complete_ms > SLOW_MS:
        facts = {"waited": f"{evidence.complete_ms / 1000:.1f} s", "uri": evidence.missed[-1]}
        return _judged(Status.WARN, summary, "ice-half-trickle-slow", **facts)
    return Judgement(status=Status.PASS, summary=summary)


def browser_notes(
    candidates: tuple[Candidate, ...], stuns: tuple[str, ...] = (), *, reflected_own: bool = False
) -> tuple[str, ...]:
    """Where a browser with the same servers would show something else.

    `reflected_own`: a server told this host an address that is the host's own.
    """
    relays = [each for each in candidates if each.type == "relay"]
    some_host = any(each.type == "host" for each in candidates)
    notes = (
        (_MDNS, some_host),
        (_DEFAULT_ROUTE, _has_several_addresses(candidates)),
        (_ACTIVE_TCP, some_host),
        (_TWINS, reflected_own),
        (_UDP_ALONE, any(_unnamed(each) for each in relays)),
        ("Browsers do not use TURN over DTLS.", any(each.relay_protocol == "dtls" for each in relays)),
        (_NO_FAMILY, any(each.address.family == 6 for each in relays)),
        (f"A browser gets no candidate from {', '.join(stuns)}.", bool(stuns)),
    )
    return tuple(note for note, applies in notes if applies)


def _has_several_addresses(candidates: tuple[Candidate, ...]) -> bool:
    families = [each.address.family for each in candidates if each.type == "host"]
    return len(families) > len(set(families))


def _unnamed(relay: Candidate) -> bool:
    return relay.relay_protocol == "tcp" and relay.url is not None and "?transport=" not in relay.url


_MDNS = (
    "Until camera or microphone is allowed, a browser shows host candidates as random .local names (mDNS), and 0.0.0.0 "
    "port 0 as the related address of reflexive ones."
)
_DEFAULT_ROUTE = (
    "Until camera or microphone is allowed, a browser gathers from the address of the default route alone, not from "
    "this host's others."
)
_ACTIVE_TCP = (
    "Once camera or microphone is allowed, a browser also lists a TCP candidate with port 9 (tcptype active) beside "
    "each host candidate; it can only connect to servers with passive TCP."
)
_TWINS = (
    "Until camera or microphone is allowed, Chromium shows this host's own public address as a reflexive candidate, "
    "since the host candidate hides it."
)
_UDP_ALONE = "For a turn URI without ?transport a browser tries UDP alone, and has no relay by tcp from it."
_NO_FAMILY = "Chromium asks for no address family, and gets an IPv4 relay from a server that it reaches over IPv6."


def _judged(status: Status, summary: str, finding: str, **facts: str) -> Judgement:
    return Judgement(status=status, summary=summary, raised=(Raised(id=finding, facts=facts),))


PROBE = Probe(
    id="ice.candidates",
    title="Candidates complete",
    schemes=frozenset(),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=1.0,
    needs=(Evidence,),
    transports=frozenset(),
)
