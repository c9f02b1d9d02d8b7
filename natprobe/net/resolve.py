"""Which addresses has this name, who says so, and if none, why? A, AAAA and the system's resolver, asked at once."""

import asyncio
import ipaddress
import re

from natprobe.address import Address, is_literal
from natprobe.net.answers import DnsAnswer, Resolution, SystemAnswer, merged
from natprobe.net.clock import Clock
from natprobe.net.system import ask_system

__all__ = ["DEADLINE_S", "DnsAnswer", "Resolution", "SystemAnswer", "parse_nameserver", "resolve"]

DEADLINE_S = 2.6
DNS_PORT = 53
_NAMESERVER = re.compile(r"(?:\[(?P<six>[^\]]+)\]|(?P<four>[^:]+))(?::(?P<port>[0-9]{1,5}))?")


async def resolve(
    name: str, *, clock: Clock, deadline_s: float = DEADLINE_S, nameservers: tuple[Address, ...] | None = None
) -> Resolution:
    """What is known of `name` after `deadline_s` seconds at the latest. Network trouble is data; nothing is raised.

    With `nameservers`, only those are asked: neither the system's resolver nor its search domains count.
    """
    if is_literal(name):
        return Resolution(name=name, addresses=(str(ipaddress.ip_address(name)),), source="literal")
    until_s = clock.now() + deadline_s
    if nameservers:
        return merged(name, await _from_dns(name, nameservers, clock, until_s), None)
    async with asyncio.TaskGroup() as group:
        system = group.create_task(ask_system(name, clock, deadline_s=until_s))
        answers = group.create_task(_from_dns(name, None, clock, until_s))
    return merged(name, answers.result(), system.result())


def parse_nameserver(text: str) -> Address:
    """A nameserver as `--resolver` names it: `192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53`, `[2001:db8::53]:5353`.

    Raises ValueError with one line.
    """
    if is_literal(text):
        return Address(str(ipaddress.ip_address(text)), DNS_PORT)
    match = _NAMESERVER.fullmatch(text)
    host = (match["six"] or match["four"]) if match else ""
    port = int(match["port"] or DNS_PORT) if match else 0
    if not is_literal(host) or "%" in host or not 0 < port <= 65535:
        raise ValueError(f"{text!r} is not a nameserver; write an address such as 192.0.2.53 or [2001:db8::53]:53")
    return Address(str(ipaddress.ip_address(host)), port)


async def _from_dns(
    name: str, nameservers: tuple[Address, ...] | None, clock: Clock, until_s: float
) -> tuple[DnsAnswer, ...]:
    # RFC 6761 section 6.3: localhost is no question for the DNS.
    if name.removesuffix(".").rpartition(".")[2] == "localhost":
        return ()
    from natprobe.net import lookup  # noqa: PLC0415 - loads dnspython, a tenth of a second, only where a name is asked for

    return await lookup.addresses(name, nameservers, clock, deadline_s=until_s)
