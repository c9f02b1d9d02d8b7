"""Which services does the DNS announce for this STUN or TURN name? RFC 5928 and RFC 8489 section 8.

Asked only where the URI leaves its port open and its host is a name. Browsers ask none of this: they use the default
port of the name's own addresses.
"""

import asyncio
from typing import TYPE_CHECKING

import msgspec

from natprobe.address import Address
from natprobe.net.answers import ServiceAnswer
from natprobe.net.clock import Clock
from natprobe.net.services import (
    Referral,
    Service,
    defaults,
    from_srv,
    needs_discovery,
    offered,
    referrals,
    srv_name,
    uses_naptr,
)
from natprobe.target import Target, TransportName, default_port, transports

if TYPE_CHECKING:
    from natprobe.net.service_records import Records

__all__ = ["DEADLINE_S", "Discovery", "Service", "ServiceAnswer", "discover", "needs_discovery"]

DEADLINE_S = 2.6
_MOST_ROUNDS = 3


class Discovery(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was announced, and the services that follow, best first."""

    name: str
    answers: tuple[ServiceAnswer, ...] = ()
    """Empty where the URI leaves nothing to discover, or nobody could be asked."""
    services: tuple[Service, ...] = ()
    """Empty where the DNS says that the service is not offered (SRV target ".")."""


async def discover(
    target: Target, *, clock: Clock, deadline_s: float = DEADLINE_S, nameservers: tuple[Address, ...] | None = None
) -> Discovery:
    """The services of a stun or turn target after `deadline_s` seconds at the latest. Trouble is data."""
    if not needs_discovery(target):
        return Discovery(name=target.host, services=defaults(target))
    until_s = clock.now() + deadline_s
    from natprobe.net.service_records import Records  # noqa: PLC0415 - loads dnspython, in the time that was given

    records = Records(nameservers, clock, deadline_s=until_s)
    async with asyncio.TaskGroup() as group:
        from_naptr = group.create_task(_by_naptr(target, records))
        from_names = group.create_task(_by_srv(target, records))
    services = from_naptr.result() or from_names.result()
    return Discovery(name=target.host, answers=records.answers, services=services)


async def _by_srv(target: Target, records: "Records") -> tuple[Service, ...]:
    names = transports(target)
    answers = await asyncio.gather(*(records.srv(srv_name(target.scheme, name, target.host)) for name in names))
    return from_srv(target, dict(zip(names, answers, strict=True)))


async def _by_naptr(target: Target, records: "Records") -> tuple[Service, ...]:
    if not uses_naptr(target):
        return ()
    return await _followed(target.host, transports(target), target, records, rounds=_MOST_ROUNDS)


async def _followed(
    name: str, wanted: tuple[TransportName, ...], target: Target, records: "Records", *, rounds: int
) -> tuple[Service, ...]:
    """The services behind the NAPTR records of `name`, best first."""
    if rounds == 0:
        return ()
    said = referrals(await records.naptr(name), wanted)
    groups = await asyncio.gather(*(_led_to(referral, target, records, rounds=rounds - 1) for referral in said))
    return tuple(dict.fromkeys(service for group in groups for service in group))


async def _led_to(referral: Referral, target: Target, records: "Records", *, rounds: int) -> tuple[Service, ...]:
    transport, kind, name = referral
    if kind == "s":
        return offered((await records.srv(name)).records or (), transport, "naptr")
    if kind == "a":
        port = default_port(target.scheme) or 0
        return (Service(host=name, port=port, transport=transport, source="naptr"),)
    return await _followed(name, (transport,), target, records, rounds=rounds)
