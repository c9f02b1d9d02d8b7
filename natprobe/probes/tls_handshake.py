"""Does TLS come up here, offered as a browser offers it? Whatever the certificate: that is the next question.

Where it does not, the port is asked in the clear as well, and with older versions: a wrong scheme, a server that is too
old, and one that wants a certificate of its clients are three different faults.
"""

import asyncio

import msgspec

from natprobe.address import Address
from natprobe.client.control import ask_plainly
from natprobe.client.http import fetch
from natprobe.client.line import Way
from natprobe.client.rig import Accepting
from natprobe.client.tls_trials import VersionTrial, is_too_old, listed, may_be_older, taken, try_older
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.net.endpoint import Carrier
from natprobe.net.handshake import COMMON, Handshake
from natprobe.net.tls import open_tls_stream
from natprobe.net.trouble import Reason, Trouble
from natprobe.probe import Context, Judgement, Probe
from natprobe.target import SCHEMES
from natprobe.wire.http.limits import Limits
from natprobe.wire.http.request import Request

HANDSHAKE_S = 6.0
_AFTERTHOUGHT_S = 1.0
"""A server that wants a certificate refuses only after a TLS 1.3 handshake is complete (RFC 8446 section 4.4.2.4)."""
_ASIDE = Limits(connect_s=2.0, total_s=2.5, body_bytes=8192)
_SPEAKS_TLS = b"to an HTTPS"
_SPEAKS_TLS_TOO = b"to HTTPS port"
"""How servers that speak TLS answer plain HTTP: those in Go, and nginx."""
_NO_CERTIFICATE = b"No required SSL certificate was sent"
"""nginx takes the handshake, and answers HTTP with status 400 and these words."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The handshake, or why there is none."""

    server: Address
    server_name: str
    handshake: Handshake | None = None
    trouble: Trouble | None = None
    refused: str | None = None
    """How the server turned us away for want of a client certificate, after the handshake; None where it did not."""
    clear: str | None = None
    """What the port speaks without TLS, asked only where TLS fails: http or stun."""
    older: tuple[VersionTrial, ...] = ()
    """TLS 1.0 and 1.1, asked only where the server objects to the newer versions, or does not answer to them."""


async def observe(ctx: Context) -> Evidence:
    """One handshake; more is asked only where that fails, or where the server wants a certificate."""
    way = Way("tls", ctx.cell.address, ctx.cell.target.host)
    opened = await open_tls_stream(
        way.address, ctx.clock, server_name=way.server_name, roots=ctx.hold.roots, timeout_s=HANDSHAKE_S, offer=COMMON
    )
    if isinstance(opened, Trouble):
        return await _failed_handshake(ctx, way, opened)
    carrier, handshake = opened
    try:
        refused = await _refusal(ctx, way, carrier) if handshake.client_certificate else None
    finally:
        await carrier.close()
    ctx.bench.put(handshake)  # its certificate can be judged, whatever the server thinks of ours
    return Evidence(server=way.address, server_name=way.server_name, handshake=handshake, refused=refused)


async def _failed_handshake(ctx: Context, way: Way, trouble: Trouble) -> Evidence:
    clear: str | None = None
    doubt = asyncio.Event()
    doubt.set()
    trying = ctx.hold.tasks.create_task(try_older(ctx.hold, way, doubt)) if may_be_older(trouble) else None
    if trouble.alert is None and trouble.fault != _BAD_SIGNATURE:  # whoever sends alerts speaks TLS
        clear = await _in_the_clear(ctx, way)
    older = await trying if trying else ()
    return Evidence(server=way.address, server_name=way.server_name, trouble=trouble, clear=clear, older=older)


async def _in_the_clear(ctx: Context, way: Way) -> str | None:
    plain = Way("tcp", way.address, way.server_name)
    request = Request(authority=ctx.cell.target.authority)
    stun, http = await asyncio.gather(
        ask_plainly("tcp", way.address, ctx.hold), fetch(ctx.hold, plain, request, _ASIDE)
    )
    if stun.outcome == "answered":
        return "stun"
    speaks_tls = _SPEAKS_TLS in http.body or _SPEAKS_TLS_TOO in http.body
    return "http" if http.status is not None and not speaks_tls else None


async def _refusal(ctx: Context, way: Way, carrier: Carrier) -> str | None:
    """Waits for the alert; a web server is also asked for a page, as nginx says it there."""
    try:
        async with asyncio.timeout(_AFTERTHOUGHT_S):
            while True:
                arrival = await carrier.receive()
                if isinstance(arrival, Trouble):
                    return arrival.detail
    except TimeoutError:
        pass
    if ctx.cell.target.form != "web":
        return None
    page = await fetch(ctx.hold, way, Request(authority=ctx.cell.target.authority), _ASIDE)
    return f"HTTP status {page.status}: {_NO_CERTIFICATE.decode()}" if _NO_CERTIFICATE in page.body else None


def judge(evidence: Evidence) -> Judgement:
    """Each way to fail has a cause of its own; where only the failure is known, it is told as it came."""
    if evidence.trouble is not None:
        return _judged_trouble(evidence, evidence.trouble)
    handshake = evidence.handshake
    if handshake is None:
        return Judgement(status=Status.INCONCLUSIVE, summary="no handshake was made")
    if evidence.refused is not None:
        return _failed(evidence, evidence.refused, "tls-client-cert-required", detail=evidence.refused)
    asks = "; it asks clients for a certificate, and takes those that have none" if handshake.client_certificate else ""
    summary = f"{handshake.version} after {handshake.duration_ms:.1f} ms{asks}"
    return Judgement(status=Status.PASS, summary=summary)


def _judged_trouble(evidence: Evidence, trouble: Trouble) -> Judgement:
    if trouble.reason in {Reason.NO_ROUTE, Reason.NOT_PERMITTED, Reason.LOCAL}:
        return Judgement(status=Status.INCONCLUSIVE, summary=f"not tested: {trouble.detail}")
    if trouble.client_certificate and trouble.alert is not None:
        return _failed(evidence, trouble.detail, "tls-client-cert-required", detail=trouble.detail)
    older = taken(evidence.older)
    if older or is_too_old(trouble):
        return _failed(evidence, trouble.detail, "tls-too-old-only", names=listed(older))
    if trouble.fault == _BAD_SIGNATURE:
        return _failed(
            evidence, trouble.detail, "tls-key-mismatch", detail="its signature does not fit its certificate"
        )
    if evidence.clear is not None:
        detail = f"{trouble.detail}, while the same port answers {evidence.clear.upper()} without TLS"
        return _failed(evidence, detail, _IN_THE_CLEAR[evidence.clear], detail=detail)
    return _failed(evidence, trouble.detail, "tls-handshake-failed", detail=trouble.detail)


def _failed(evidence: Evidence, summary: str, finding: str, **facts: str) -> Judgement:
    given = {"address": str(evidence.server), "host": evidence.server_name, "transport": "tls"} | facts
    return Judgement(status=Status.FAIL, summary=summary, raised=(Raised(id=finding, facts=given),))


_BAD_SIGNATURE = "bad signature"
_IN_THE_CLEAR = {"http": "tls-plain-http-on-tls-port", "stun": "plain-vs-tls-swapped"}

PROBE = Probe(
    id="tls.handshake",
    title="TLS comes up",
    rung=1,
    schemes=frozenset(name for name, scheme in SCHEMES.items() if scheme.form == "web") | {"tls"},
    transports=frozenset({"tls"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=10.0,
    needs=(Accepting,),
    gives=(Handshake,),
)
"""Servers of STUN and TURN are shaken hands with by turn.reach and stun.binding."""
