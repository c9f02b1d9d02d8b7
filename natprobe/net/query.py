"""One question to the DNS: several servers, retransmission, TCP after truncation, hostile answers, one deadline.

Theory of operation. Each server is asked from a fresh UDP port, and again on the same port with the same id, so that
a late answer to the first datagram still counts. The next server is asked when the one before has failed or has been
silent for a moment; the first conclusive answer wins. dnspython reads and writes the messages; its resolver is not
used, as its unconnected sockets never learn of an ICMP error and its retries forget late answers.
"""

import asyncio

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import msgspec

from natprobe.address import Address
from natprobe.net.answers import Outcome
from natprobe.net.clock import Clock
from natprobe.net.endpoint import Endpoint, ignore
from natprobe.net.tcp import open_stream
from natprobe.net.trouble import Reason, Trouble
from natprobe.net.udp import open_udp

CONCLUSIVE: frozenset[Outcome] = frozenset({"answered", "nxdomain", "nodata"})
LONGEST_CHAIN = 8
RETRANSMIT_S = (0.5, 1.0, 2.0)
NEXT_SERVER_S = 0.5
_BY_WORTH: tuple[Outcome, ...] = ("servfail", "refused", "malformed", "unreachable", "timeout")
_RCODES: dict[int, Outcome] = {dns.rcode.NXDOMAIN: "nxdomain", dns.rcode.REFUSED: "refused"}


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What one server, or all together, made of a question."""

    outcome: Outcome
    server: Address | None = None
    asked: int = 0
    """How many datagrams, or TCP connections, were spent."""
    rrset: dns.rrset.RRset | None = None
    canonical_name: str | None = None
    """The end of the CNAME chain; None where there is no alias."""
    rcode: str | None = None


async def ask(
    name: dns.name.Name, qtype: str, servers: tuple[Address, ...], clock: Clock, *, deadline_s: float
) -> Reply:
    """Asks for the records of `qtype` at the absolute `name`. `deadline_s` is a reading of `clock`."""
    waiting = list(servers)
    asking: set[asyncio.Task[Reply]] = set()
    failed: list[Reply] = []
    try:
        while waiting or asking:
            if waiting:
                exchange = _exchange(name, qtype, waiting.pop(0), clock, deadline_s)
                asking.add(asyncio.create_task(exchange))
            patience = NEXT_SERVER_S if waiting else None
            done, asking = await asyncio.wait(asking, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            replies = [task.result() for task in done]
            conclusive = [reply for reply in replies if reply.outcome in CONCLUSIVE]
            if conclusive:
                return conclusive[0]
            failed += replies
    finally:
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
    return _most_telling(failed)


def _most_telling(failed: list[Reply]) -> Reply:
    if not failed:
        return Reply(outcome="unreachable")
    told = min(failed, key=lambda reply: _BY_WORTH.index(reply.outcome))
    return msgspec.structs.replace(told, asked=sum(reply.asked for reply in failed))


async def _exchange(name: dns.name.Name, qtype: str, server: Address, clock: Clock, deadline_s: float) -> Reply:
    query = dns.message.make_query(name, qtype)
    reply = await _over_udp(query, server, clock, deadline_s)
    if isinstance(reply, Reply):
        return reply
    return await _over_tcp(query, server, clock, deadline_s, asked=reply + 1)


async def _over_udp(query: dns.message.Message, server: Address, clock: Clock, deadline_s: float) -> Reply | int:
    """A reply, or how often it was asked until a truncated answer came."""
    endpoint = open_udp(clock, ignore, family=server.family, remote=server)
    if isinstance(endpoint, Trouble):
        return Reply(outcome="unreachable", server=server)
    wire, asked = query.to_wire(), 0
    try:
        for wait_s in (*RETRANSMIT_S, float("inf")):
            endpoint.send(wire)
            asked += 1
            until_s = min(clock.now() + wait_s, deadline_s)
            heard = await _heard(endpoint, query, server, clock, until_s)
            if isinstance(heard, dns.message.Message):
                return asked if heard.flags & dns.flags.TC else _read(heard, query, server, asked)
            if heard is not None:
                return Reply(outcome=heard, server=server, asked=asked)
            if until_s == deadline_s:
                break
    finally:
        await endpoint.close()
    return Reply(outcome="timeout", server=server, asked=asked)


async def _heard(
    endpoint: Endpoint, query: dns.message.Message, server: Address, clock: Clock, until_s: float
) -> dns.message.Message | Outcome | None:
    """The answer to `query`, or trouble, or None for silence. Garbage counts only where nothing better follows it."""
    garbage = False
    try:
        async with asyncio.timeout(max(0.0, until_s - clock.now())):
            while True:
                arrived = await endpoint.receive()
                if isinstance(arrived, Trouble):
                    return "unreachable"
                if arrived.source != server:
                    continue
                answer = _parsed(arrived.data)
                if answer is not None and query.is_response(answer):
                    return answer
                garbage = True
    except TimeoutError:
        return "malformed" if garbage else None


async def _over_tcp(
    query: dns.message.Message, server: Address, clock: Clock, deadline_s: float, *, asked: int
) -> Reply:
    """RFC 7766: the same question with two bytes of length before it."""
    try:
        async with asyncio.timeout(max(0.0, deadline_s - clock.now())):
            wire = await _tcp_answer(query.to_wire(), server, clock, deadline_s)
    except TimeoutError:
        return Reply(outcome="timeout", server=server, asked=asked)
    if isinstance(wire, Trouble):
        outcome: Outcome = "timeout" if wire.reason in (Reason.SILENT, Reason.TIMEOUT) else "unreachable"
        return Reply(outcome=outcome, server=server, asked=asked)
    answer = _parsed(wire)
    if answer is None or not query.is_response(answer):
        return Reply(outcome="malformed", server=server, asked=asked)
    return _read(answer, query, server, asked)


async def _tcp_answer(wire: bytes, server: Address, clock: Clock, deadline_s: float) -> bytes | Trouble:
    stream = await open_stream(server, clock, timeout_s=max(0.0, deadline_s - clock.now()))
    if isinstance(stream, Trouble):
        return stream
    try:
        stream.send(len(wire).to_bytes(2, "big") + wire)
        buffer = b""
        while len(buffer) < 2 or len(buffer) < 2 + int.from_bytes(buffer[:2], "big"):
            chunk = await stream.receive()
            if isinstance(chunk, Trouble):
                return buffer or chunk
            buffer += chunk.data
        return buffer[2 : 2 + int.from_bytes(buffer[:2], "big")]
    finally:
        await stream.close()


def _parsed(wire: bytes) -> dns.message.Message | None:
    try:
        return dns.message.from_wire(wire)
    except Exception:
        return None


def _read(answer: dns.message.Message, query: dns.message.Message, server: Address, asked: int) -> Reply:
    rcode = answer.rcode()
    said = Reply(outcome="servfail", server=server, asked=asked, rcode=dns.rcode.to_text(rcode))
    if rcode != dns.rcode.NOERROR:
        return msgspec.structs.replace(said, outcome=_RCODES.get(rcode, "servfail"))
    question = query.question[0]
    chain = _chain(answer, question.name, question.rdtype)
    if chain is None:
        return msgspec.structs.replace(said, outcome="malformed")
    name, rrset = chain
    alias = None if name == question.name else name.to_text(omit_final_dot=True).lower()
    return msgspec.structs.replace(said, outcome="answered" if rrset else "nodata", rrset=rrset, canonical_name=alias)


def _chain(
    answer: dns.message.Message, name: dns.name.Name, rdtype: dns.rdatatype.RdataType
) -> tuple[dns.name.Name, dns.rrset.RRset | None] | None:
    """Where the aliases lead and what stands there; None for a chain without an end in sight."""
    sets = {(rrset.name, rrset.rdtype): rrset for rrset in answer.answer if rrset.rdclass == dns.rdataclass.IN}
    for _ in range(LONGEST_CHAIN + 1):
        if (name, rdtype) in sets:
            return name, sets[name, rdtype]
        alias = sets.get((name, dns.rdatatype.CNAME))
        if alias is None:
            return name, None
        name = alias[0].target
    return None
