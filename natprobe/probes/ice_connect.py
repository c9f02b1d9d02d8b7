"""Does a call connect through this server: with relays alone on both ends, and with everything allowed?

Two agents of this host make the call for real (RFC 8445), one controlling and one controlled, and then send data both
ways. "Works with all, fails with relay" is the fault that users meet last. No plan of checks picks this probe;
`natprobe gather --connect` does.
"""

import msgspec

from natprobe.address import Address
from natprobe.client.call import Call, Service
from natprobe.client.rig import Relays
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.net.trust import trust
from natprobe.probe import Context, Judgement, Probe


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Both calls."""

    server: Address
    relay: Call
    all: Call


async def observe(ctx: Context) -> Evidence:
    """One call after the other, so that no more than two allocations are held at once."""
    from natprobe.client.agents import call  # noqa: PLC0415  aioice is loaded where a call is made

    cell, settings = ctx.cell, ctx.settings
    secure = cell.transport == "tls"
    service = Service(
        address=cell.address,
        host=cell.target.host,
        transport=cell.transport,
        login=settings.login,
        trust=trust(settings.ca_file, insecure=settings.insecure) if secure else None,
    )
    relay = await call(service, "relay", ctx.clock)
    return Evidence(server=cell.address, relay=relay, all=await call(service, "all", ctx.clock))


def judge(evidence: Evidence) -> Judgement:
    """The relay-only call decides; the other one says what hides its fault."""
    summary = f"relays alone: {_told(evidence.relay)}; all candidates: {_told(evidence.all)}"
    if evidence.relay.trouble is None:
        lost = _lost(evidence.relay)
        return Judgement(status=Status.WARN if lost else Status.PASS, summary=summary)
    facts = {
        "address": str(evidence.server),
        "detail": f"a call with relays alone does not connect ({evidence.relay.trouble})",
        "sends": str(len(evidence.relay.pairs)),
    }
    finding = "ice-all-hides-broken-turn" if evidence.all.trouble is None else "ice-check-timeout"
    return Judgement(status=Status.FAIL, summary=summary, raised=(Raised(id=finding, facts=facts),))


def _told(made: Call) -> str:
    if made.trouble is not None:
        return f"fails ({made.trouble})"
    pair = f" by {made.selected.local_type} to {made.selected.remote_type}" if made.selected else ""
    return f"connected in {made.connect_ms:.0f} ms{pair}{_quality(made)}"


def _quality(made: Call) -> str:
    quality = made.quality
    if quality is None:
        return ""
    rtt = "" if quality.rtt_ms is None else f", RTT {quality.rtt_ms:.1f} ms"
    return f"{rtt}, {_lost(made)} of {2 * quality.sent} parcels lost"


def _lost(made: Call) -> int:
    quality = made.quality
    return 0 if quality is None else 2 * quality.sent - quality.arrived - quality.returned


PROBE = Probe(
    id="ice.connect",
    title="Call connected",
    schemes=frozenset(),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=18.0,
    needs=(Relays,),
    after=("turn.release",),
    transports=frozenset({"udp", "tcp", "tls"}),
)
