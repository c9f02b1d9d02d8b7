"""For how long does the NAT remember a binding that is left alone? Many sockets wait side by side, each for a time.

What a bisection would take in sum takes the longest silence alone; where that leaves a gap, more sockets wait for the
times within it. Whether a binding still stands is asked in one of two ways (RFC 5780 section 4.6). By RESPONSE-PORT:
from another socket a server is asked to answer to the port of the binding, so the question itself cannot renew it. Or
by asking again from the same socket: a new mapped address proves that the old binding is gone. The same one proves
something only of a NAT that was seen to give new ports to bindings that it makes anew: others give the old port again.
"""

import asyncio
from typing import Literal

import msgspec

from natprobe.address import Address
from natprobe.client.hold import Hold
from natprobe.client.sounding import Question, Sounder, Sounding, hear, open_sounder, plain, repeat, salvo
from natprobe.client.survey import longest_way_s
from natprobe.net.trouble import Trouble
from natprobe.wire.behaviour import CERTAIN, chance_of_loss
from natprobe.wire.plain_values import encode_response_port
from natprobe.wire.registry import Attribute

SENDS_S = (0.0, 0.06, 0.14, 0.25, 0.37, 0.5, 0.7, 0.9)
_WAIT_S = 0.4
_ROUNDS = 3

Method = Literal["response-port", "ask-again"]
Fate = Literal["alive", "gone", "same", "unknown"]
"""`same`: the mapped address is what it was, by the old binding or by a new one."""


class Silence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One binding that was left alone for `idle_s` seconds."""

    idle_s: float
    fate: Fate
    before: Address | None = None
    """Its mapped address at first."""
    after: Address | None = None
    """What the same socket was mapped to afterwards, where it asked again."""
    asked: Sounding | None = None
    """The question afterwards."""
    chance: float = 0.0
    """The chance that mere loss hid a binding which stood."""


async def left_alone(hold: Hold, server: Address, source: Address | None, idle_s: float, method: Method) -> Silence:
    """Opens a binding, leaves it alone for `idle_s` seconds, and looks whether it still stands."""
    sounder = open_sounder(hold, server, source)
    if isinstance(sounder, Trouble):
        return Silence(idle_s=idle_s, fate="unknown")
    first = await _mapped(sounder, server)
    if first.mapped is None:
        return Silence(idle_s=idle_s, fate="unknown")
    await asyncio.sleep(idle_s)
    if method == "ask-again":
        return await _ask_again(sounder, server, idle_s, first.mapped)
    return await _by_response_port(hold, sounder, first, source, idle_s)


async def _mapped(sounder: Sounder, server: Address) -> Sounding:
    inquiry = sounder.ask(plain(server))
    await repeat(inquiry, SENDS_S, give_up_s=SENDS_S[-1] + _WAIT_S)
    return inquiry.sounding()


async def _ask_again(sounder: Sounder, server: Address, idle_s: float, before: Address) -> Silence:
    after = (await _mapped(sounder, server)).mapped
    fate: Fate = "unknown" if after is None else "same" if after == before else "gone"
    return Silence(idle_s=idle_s, fate=fate, before=before, after=after)


async def _by_response_port(
    hold: Hold, sounder: Sounder, first: Sounding, source: Address | None, idle_s: float
) -> Silence:
    server, before = first.to, first.mapped or first.local
    asker = open_sounder(hold, server, source)
    if isinstance(asker, Trouble):
        return Silence(idle_s=idle_s, fate="unknown", before=before)
    attributes = ((Attribute.RESPONSE_PORT, encode_response_port(before.port)),)
    question = Question(name="Binding with RESPONSE-PORT", to=server, expected=server, attributes=attributes)
    asked, control = sounder.ask(question, asker), asker.ask(plain(server))
    chance = 1.0
    for _ in range(_ROUNDS):
        await salvo((asked, control), SENDS_S, asked.heard)
        await hear(asked.heard, longest_way_s((first, control.sounding())))
        chance = 0.0 if asked.heard.is_set() else chance_of_loss(control.sounding().tally, asked.sends)
        if chance < CERTAIN:
            break
    sounding = asked.sounding()
    fate: Fate = "alive" if sounding.arrived else ("gone" if chance < CERTAIN else "unknown")
    return Silence(idle_s=idle_s, fate=fate, before=before, asked=sounding, chance=chance)
