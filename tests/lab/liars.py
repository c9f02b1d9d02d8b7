"""STUN servers that lie, each on a port of its own: `python -m tests.lab.liars`, where the addresses are.

They are natprobe's own server with its faults: no real server can be told to lie. Prints "ready", and ends when its
standard input closes.
"""

import asyncio
import contextlib
import sys
from typing import NamedTuple

from natprobe.address import Address
from natprobe.server import FAULTS, Fault, Kind, ServerConfig, serve
from natprobe.wire.registry import Method
from tests.lab.layout import INTERNET_IPV4, INTERNET_IPV6, SHUT_IPV4, SILENT_IPV4, THIRD_IPV4

BOTH = (*INTERNET_IPV4, *INTERNET_IPV6)
ONLY_FIRST = (INTERNET_IPV4[0], INTERNET_IPV6[0])
ONLY_SECOND = (INTERNET_IPV4[1], INTERNET_IPV6[1])


class Liar(NamedTuple):
    """Where one listens, and what it does wrong."""

    port: int
    faults: tuple[Fault, ...]
    hosts: tuple[str, ...] = BOTH


def _named(port: int, name: str) -> Liar:
    return Liar(port, FAULTS[name].faults)


LIARS: dict[str, Liar] = {
    "honest": Liar(4000, ()),
    "plain-1": Liar(4001, (), ONLY_FIRST),
    "plain-2": Liar(4002, (), ONLY_SECOND),
    "other-address-dead": Liar(4003, (Fault(kind=Kind.OTHER_ADDRESS, address=Address(SILENT_IPV4, 3479)),)),
    "other-address-silent": _named(4004, "silent-other-address"),
    "change-ignored": _named(4005, "change-ignored"),
    "wrong-address": _named(4006, "wrong-source-address"),
    "wrong-port": _named(4007, "wrong-source-port"),
    "late": _named(4008, "late"),
    "420": _named(4009, "binding-420"),
    "300": Liar(4010, (Fault(kind=Kind.REFUSE_AT_ONCE, method=Method.BINDING, code=300),)),
    "first-answers-lost": _named(4011, "first-answers-lost"),
    "no-mapped-address": _named(4012, "no-mapped-address"),
    "silent": _named(4013, "silent"),
    "alg": _named(4014, "alg"),
    "later": Liar(4015, (Fault(kind=Kind.LATE, seconds=1.2),)),
    "other-host-shut": Liar(4017, (), (INTERNET_IPV4[0], SHUT_IPV4)),
    "third-wrong-mapped": Liar(4018, FAULTS["wrong-mapped-address"].faults, (THIRD_IPV4,)),
    "wrong-mapped": _named(4016, "wrong-mapped-address"),
}
"""By name. "honest" tells the truth; the plain ones have one address a family and so no RFC 5780."""


async def run() -> None:
    """Serves until standard input ends."""
    async with contextlib.AsyncExitStack() as stack:
        for liar in LIARS.values():
            await stack.enter_async_context(serve(ServerConfig(hosts=liar.hosts, port=liar.port, faults=liar.faults)))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(run())
