"""SRV and NAPTR records from the DNS, each question asked once."""

import asyncio
from typing import Any

import dns.exception
import dns.name

from natprobe.address import Address
from natprobe.net.answers import Outcome, ServiceAnswer, ServiceType
from natprobe.net.clock import Clock
from natprobe.net.nameservers import of_this_host
from natprobe.net.query import Reply, ask
from natprobe.net.services import MOST_RECORDS, Naptr, Srv, SrvAnswer

_MOST_QUESTIONS = 24
_SAYS_NONE: frozenset[Outcome] = frozenset({"nxdomain", "nodata"})


class Records:
    """The records of one discovery until its deadline. What was answered is kept in `answers`."""

    def __init__(self, nameservers: tuple[Address, ...] | None, clock: Clock, *, deadline_s: float) -> None:
        self._servers = nameservers or of_this_host().servers
        self._clock = clock
        self._deadline_s = deadline_s
        self._asking: dict[tuple[ServiceType, str], asyncio.Task[Reply]] = {}
        self._answers: dict[tuple[ServiceType, str], ServiceAnswer] = {}

    @property
    def answers(self) -> tuple[ServiceAnswer, ...]:
        """What was asked so far and what came of it, in the order of the questions."""
        return tuple(self._answers[key] for key in self._asking if key in self._answers)

    async def srv(self, name: str) -> SrvAnswer:
        """The SRV records of `name`."""
        reply = await self._reply("SRV", name)
        if reply is None or reply.outcome != "answered":
            return SrvAnswer(() if reply is not None and reply.outcome in _SAYS_NONE else None)
        return SrvAnswer(tuple(_srv(rdata) for rdata in _bounded(reply)))

    async def naptr(self, name: str) -> tuple[Naptr, ...]:
        """The NAPTR records of `name` that hold no regular expression (RFC 3958 section 2.2.4)."""
        reply = await self._reply("NAPTR", name)
        return () if reply is None else tuple(_naptr(rdata) for rdata in _bounded(reply) if not rdata.regexp)

    async def _reply(self, qtype: ServiceType, name: str) -> Reply | None:
        """What is answered; None where it cannot be asked: no nameserver, no DNS name, or too many questions."""
        key = (qtype, name.lower().removesuffix("."))
        if key not in self._asking:
            question = _question(name)
            if question is None or not self._servers or len(self._asking) >= _MOST_QUESTIONS:
                return None
            self._asking[key] = asyncio.create_task(self._ask(key, question))
        return await self._asking[key]

    async def _ask(self, key: tuple[ServiceType, str], question: dns.name.Name) -> Reply:
        qtype, name = key
        started = self._clock.now()
        reply = await ask(question, qtype, self._servers, self._clock, deadline_s=self._deadline_s)
        self._answers[key] = ServiceAnswer(
            qtype=qtype,
            question=name,
            outcome=reply.outcome,
            records=tuple(rdata.to_text() for rdata in _bounded(reply)),
            ttl_s=None if reply.rrset is None else reply.rrset.ttl,
            server=reply.server,
            asked=reply.asked,
            duration_ms=(self._clock.now() - started) * 1000,
        )
        return reply


def _question(name: str) -> dns.name.Name | None:
    try:
        return dns.name.from_text(name, dns.name.root)
    except (dns.exception.DNSException, ValueError):
        return None


def _bounded(reply: Reply) -> list[Any]:
    return [] if reply.rrset is None else list(reply.rrset)[:MOST_RECORDS]


def _srv(rdata: Any) -> Srv:
    return Srv(rdata.priority, rdata.weight, rdata.port, rdata.target.to_text())


def _naptr(rdata: Any) -> Naptr:
    flags, service = (raw.decode("ascii", "replace") for raw in (rdata.flags, rdata.service))
    return Naptr(rdata.order, rdata.preference, flags, service, rdata.replacement.to_text())
