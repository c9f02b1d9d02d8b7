"""Gets an allocation on a line: a port that the server still holds is left, a family that it lacks not insisted on."""

from collections.abc import Awaitable, Callable

import msgspec

from natprobe.client.turn import Dialogue, TurnClient
from natprobe.net.trouble import Trouble

_NEW_PORTS = 2  # RFC 8656 section 7.4: after 437 a client tries again from another port, with moderation


class Attempt(msgspec.Struct, frozen=True):
    """How it ended, and on which line: `client` is another one than was given where its port was taken (437)."""

    client: TurnClient
    dialogue: Dialogue
    family_refused: bool = False
    """Whether the server answered 440 to the address family of its own control connection."""
    new_ports: int = 0
    """How often a 437 was answered by trying again from a new port."""


async def attempt(client: TurnClient, fresh: Callable[[], Awaitable[TurnClient | Trouble]]) -> Attempt:
    """Allocates on `client`, which was greeted already; `fresh` opens one more line from a new port."""
    if client.session.relayed is not None:
        return Attempt(client, client.granted)
    family = 6 if client.server.family == 6 else None
    dialogue = await client.allocate(family)
    refused = dialogue.last.code == 440 and family is not None
    if refused:
        dialogue = await client.allocate()
    new_ports = 0
    while dialogue.last.code == 437 and new_ports < _NEW_PORTS:
        another = await fresh()
        if isinstance(another, Trouble):
            break
        client, new_ports = another, new_ports + 1
        dialogue = await client.allocate(family)
    return Attempt(client, dialogue, refused, new_ports)
