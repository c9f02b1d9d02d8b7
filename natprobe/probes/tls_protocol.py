"""Which versions of TLS does the server offer, and what does it show a client that names no server?

Each version is asked by a handshake of its own, all at once and beside the other checks: nothing waits for this one.

Of `turns:` and `stuns:` the versions alone are asked, and only once the server has answered over TLS: one that is
silent costs nothing more. coturn says nothing at all to versions that are turned off. The version that the server spoke
already is tried beside the others, and shows how long an answer takes: what is silent for twice as long, a quarter of a
second more at the least, and when the other checks have ended, is not waited for any longer.
"""

import asyncio

import msgspec

from natprobe.address import Address, is_literal
from natprobe.client.hold import Hold
from natprobe.client.line import Way
from natprobe.client.rig import Accepting
from natprobe.client.tls_trials import (
    NamelessTrial,
    ProtocolTrial,
    Trying,
    VersionTrial,
    listed,
    taken,
    try_nameless,
    try_protocols,
    try_versions,
)
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.net.handshake import TLS_VERSIONS, Handshake
from natprobe.probe import Context, Judgement, Probe
from natprobe.target import SCHEMES

_LEAST_S = 0.25
"""How long the others have at the least when the version in use has answered."""
LEGACY = ("TLSv1", "TLSv1.1")
"""RFC 8996."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One trial a version, and two about what else a client may leave out or ask for."""

    server: Address
    server_name: str
    shaken: bool
    """Whether a common client's handshake completes."""
    versions: tuple[VersionTrial, ...]
    nameless: NamelessTrial | None = None
    """None where an address was dialled: no name is ever sent then."""
    protocols: ProtocolTrial | None = None


async def observe(ctx: Context) -> Evidence:
    """Six connections at once, as a browser opens them to one host, or four; targets on the same port share them."""
    way, served = Way("tls", ctx.cell.address, ctx.cell.target.host), ctx.cell.target.scheme in _SERVERS
    seen = await ctx.once((PROBE.id, way, served), lambda: _try_server(ctx, way) if served else _try_all(ctx.hold, way))
    return msgspec.structs.replace(seen, shaken=ctx.bench.has(Handshake))


async def _try_server(ctx: Context, way: Way) -> Evidence:
    alone, clock, handshake = ctx.alone, ctx.clock, ctx.bench.get(Handshake)

    async def enough(trying: Trying) -> None:
        began = clock.now()
        known = [task for version, task in trying.items() if version == handshake.version]
        await asyncio.wait(known or trying.values())
        await asyncio.sleep(max(clock.now() - began, _LEAST_S))
        await alone()

    versions = await try_versions(ctx.hold, way, *TLS_VERSIONS, enough=enough)
    return Evidence(server=way.address, server_name=way.server_name, shaken=True, versions=versions)


async def _try_all(hold: Hold, way: Way) -> Evidence:
    async with asyncio.TaskGroup() as group:
        versions = group.create_task(try_versions(hold, way, *TLS_VERSIONS))
        nameless = None if is_literal(way.server_name) else group.create_task(try_nameless(hold, way))
        protocols = group.create_task(try_protocols(hold, way, "h2", "http/1.1"))
    return Evidence(
        server=way.address,
        server_name=way.server_name,
        shaken=False,
        versions=versions.result(),
        nameless=nameless.result() if nameless else None,
        protocols=protocols.result(),
    )


def judge(evidence: Evidence) -> Judgement:
    """A version is offered, refused or not told; only the first two say anything."""
    offered = taken(evidence.versions)
    legacy = [version for version in offered if version in LEGACY]
    facts = {"address": str(evidence.server), "host": evidence.server_name, "names": listed(legacy)}
    summary = _summary(evidence)
    if not offered:
        return Judgement(status=Status.INCONCLUSIVE, summary=f"no version completes a handshake: {summary}")
    if len(legacy) == len(offered) and not evidence.shaken:
        return Judgement(status=Status.FAIL, summary=summary, raised=(Raised(id="tls-too-old-only", facts=facts),))
    raised = (Raised(id="tls-legacy-protocols", facts=facts),) if legacy else ()
    status = Status.WARN if legacy else Status.PASS
    if _needs_name(evidence):
        raised = (*raised, Raised(id="tls-sni-required", facts=facts))
    return Judgement(status=status, summary=summary, raised=raised)


def _needs_name(evidence: Evidence) -> bool:
    nameless = evidence.nameless
    return evidence.shaken and nameless is not None and nameless.trial.outcome == "refused"


def _summary(evidence: Evidence) -> str:
    outcomes = (("offered", "completed"), ("refused", "refused"), ("silent", "silent"), ("not known", "untold"))
    pieces = []
    for said, outcome in outcomes:
        versions = [each.version for each in evidence.versions if each.trial.outcome == outcome]
        if versions:
            pieces.append(f"{said}: {listed(versions)}")
    return "; ".join((*pieces, *_protocol(evidence), *_default(evidence)))


def _protocol(evidence: Evidence) -> tuple[str, ...]:
    picked = evidence.protocols.picked if evidence.protocols else None
    return (f"ALPN {picked}",) if picked else ()


def _default(evidence: Evidence) -> tuple[str, ...]:
    nameless = evidence.nameless
    if nameless is None or nameless.trial.outcome == "untold":
        return ()
    if nameless.trial.outcome == "refused":
        return ("refuses clients that name no server",)
    return () if nameless.matches else ("another certificate for clients that name no server",)


_SERVERS = frozenset({"turns", "stuns"})

PROBE = Probe(
    id="tls.protocol",
    title="Protocol versions",
    rung=2,
    schemes=frozenset(name for name, scheme in SCHEMES.items() if scheme.form == "web") | {"tls"} | _SERVERS,
    transports=frozenset({"tls"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=8.0,
    needs=(Accepting,),
    after=("tls.handshake",),
)
