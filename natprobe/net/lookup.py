"""A and AAAA of a name from the DNS alone, at once, with the search domains of this host."""

import asyncio

import dns.name

from natprobe.address import Address
from natprobe.net.answers import MOST_ADDRESSES, DnsAnswer, Outcome, QType
from natprobe.net.clock import Clock
from natprobe.net.nameservers import Nameservers, names_to_try, of_this_host
from natprobe.net.query import Reply, ask

_QTYPES: tuple[QType, ...] = ("A", "AAAA")
_BY_WORTH: tuple[Outcome, ...] = (
    "answered", "nodata", "servfail", "refused", "malformed", "unreachable", "timeout", "nxdomain",
)  # fmt: skip


async def addresses(
    name: str, nameservers: tuple[Address, ...] | None, clock: Clock, *, deadline_s: float
) -> tuple[DnsAnswer, ...]:
    """What the nameservers, or this host's own where None, say until `deadline_s`; empty where nobody can be asked."""
    chosen = Nameservers(servers=nameservers) if nameservers else of_this_host()
    try:
        questions = names_to_try(name, chosen)
    except ValueError:
        return ()
    if not chosen.servers:
        return ()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_search(questions, qtype, chosen.servers, clock, deadline_s)) for qtype in _QTYPES]
    return tuple(task.result() for task in tasks)


async def _search(
    questions: tuple[dns.name.Name, ...], qtype: QType, servers: tuple[Address, ...], clock: Clock, deadline_s: float
) -> DnsAnswer:
    """The first answer with addresses among the names to try, else the one that says most."""
    found: list[DnsAnswer] = []
    for question in questions:
        started = clock.now()
        reply = await ask(question, qtype, servers, clock, deadline_s=deadline_s)
        found.append(_answer(question, qtype, reply, duration_ms=(clock.now() - started) * 1000))
        if reply.outcome == "answered" or clock.now() >= deadline_s:
            break
    return min(found, key=lambda answer: _BY_WORTH.index(answer.outcome))


def _answer(question: dns.name.Name, qtype: QType, reply: Reply, *, duration_ms: float) -> DnsAnswer:
    records = [] if reply.rrset is None else [rdata.address for rdata in reply.rrset]
    return DnsAnswer(
        qtype=qtype,
        question=question.to_text(omit_final_dot=True).lower(),
        outcome=reply.outcome,
        addresses=tuple(dict.fromkeys(records))[:MOST_ADDRESSES],
        canonical_name=reply.canonical_name,
        ttl_s=None if reply.rrset is None else reply.rrset.ttl,
        server=reply.server,
        asked=reply.asked,
        duration_ms=duration_ms,
    )
