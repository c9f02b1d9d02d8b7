"""Does the server let this host's own address be a peer of the relay?

RFC 8656 sections 9 and 10: a permission is for an IP address, whatever the port. Every address that a server saw us
come from gets one, since a NAT may pool several.
"""

import asyncio

import msgspec

from natprobe.address import Address
from natprobe.client.rig import Paths, Peers, Relays
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe
from natprobe.wire.registry import ERROR_NAMES
from natprobe.wire.transactions import Exchange

_PEERS_WAIT_S = 0.1
_MOST_ADDRESSES = 4


class Permission(msgspec.Struct, frozen=True, kw_only=True):
    """One permission that was asked for."""

    host: str
    exchanges: tuple[Exchange, ...]

    @property
    def granted(self) -> bool:
        """Whether the server said yes."""
        return self.exchanges[-1].outcome == "success"


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Every permission for this host's own addresses."""

    server: Address
    relayed: Address
    user: str = ""
    permissions: tuple[Permission, ...] = ()


async def observe(ctx: Context) -> Evidence:
    """Asks for all permissions at once, and tells the paths when they were asked for and whether they stand."""
    relays, paths = ctx.bench.get(Relays), ctx.bench.get(Paths)
    relayed = relays.first.session.relayed or ctx.cell.address
    permitted = False
    try:
        hosts = await _own_hosts(ctx, relays, relayed)
        asked = [asyncio.create_task(relays.first.permit(Address(host, 0))) for host in hosts]
        await asyncio.sleep(0)  # every request has left when the paths may begin
        paths.asked.set()
        dialogues = [await task for task in asked]
        permissions = tuple(
            Permission(host=host, exchanges=dialogue.exchanges) for host, dialogue in zip(hosts, dialogues, strict=True)
        )
        permitted = any(permission.granted for permission in permissions)
        return Evidence(server=relays.first.server, relayed=relayed, user=ctx.settings.user, permissions=permissions)
    finally:
        paths.asked.set()
        paths.permitted.set_result(permitted)


async def _own_hosts(ctx: Context, relays: Relays, relayed: Address) -> tuple[str, ...]:
    hosts = [relays.first.session.mapped] if relays.first.session.mapped else []
    if ctx.bench.has(Peers):
        peers = ctx.bench.get(Peers)
        wait_s = max(_PEERS_WAIT_S, 2 * (relays.first.stun.rtt_s or 0.0))
        views = {peer.view for peer in (peers.inward, peers.outward, peers.channel)}
        done, _ = await asyncio.wait(views, timeout=wait_s)
        hosts += [view.result().mapped or view.result().local for view in done if view.result().mapped]
    fitting = dict.fromkeys(address.host for address in hosts if address.family == relayed.family)
    return tuple(fitting)[:_MOST_ADDRESSES]


def judge(evidence: Evidence) -> Judgement:
    """All granted is the healthy answer; a 403 names the range that the server denies."""
    if not evidence.permissions:
        summary = f"not tested: no address of this host fits the relay's family (IPv{evidence.relayed.family})"
        return Judgement(status=Status.INCONCLUSIVE, summary=summary)
    refused = [permission for permission in evidence.permissions if not permission.granted]
    if not refused:
        hosts = ", ".join(permission.host for permission in evidence.permissions)
        return Judgement(status=Status.PASS, summary=f"peers at {hosts} are permitted")
    last = refused[0].exchanges[-1]
    if last.code is None:
        summary = f"CreatePermission for {refused[0].host} is not answered ({last.outcome})"
        return _failed(evidence, refused[0], summary, "turn-permission-unanswered")
    phrase = ERROR_NAMES.get(last.code, "unknown code")
    summary = f"a permission for {refused[0].host} is refused: {last.code} ({phrase})"
    return _failed(evidence, refused[0], summary, _CODES.get(last.code, "turn-permission-refused"))


def _failed(evidence: Evidence, refused: Permission, summary: str, finding: str) -> Judgement:
    facts = {"address": str(evidence.server), "relayed": str(evidence.relayed), "peer": refused.host}
    facts["user"] = evidence.user
    facts |= refused.exchanges[-1].facts()
    return Judgement(status=Status.FAIL, summary=summary, raised=(Raised(id=finding, facts=facts),))


_CODES = {
    403: "turn-peer-denied-403",
    438: "turn-nonce-wrong-loop",
    441: "turn-auth-441-wrong-credentials",
    443: "turn-peer-family-443",
}

PROBE = Probe(
    id="turn.permission",
    title="Peer permitted",
    rung=5,
    schemes=frozenset({"turn", "turns"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=8.0,
    needs=(Relays, Paths),
)
