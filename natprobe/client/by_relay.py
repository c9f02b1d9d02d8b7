"""Has a TURN relay write to this host as a stranger: the filtering test where no server offers RFC 5780.

A relay is another port of the TURN server's address, and so a stranger to a socket that has written to that server's
listening port alone (RFC 5780 test III); to a socket that has written to some other server only, it is a stranger at
another address (test II). One relay does both, on two fresh sockets. A third socket has written to the relayed address
itself: what the relay writes to it must come, else the silence of the others means nothing; and it shows from which
address the relay really writes, which a wrong `external-ip` or a second NAT could make another one.
"""

import asyncio
from typing import TYPE_CHECKING

import msgspec

from natprobe.address import Address
from natprobe.client.flight import Flight, fly
from natprobe.client.hold import Hold
from natprobe.client.sounding import Inquiry, Sounder, Sounding, open_sounder, plain, repeat
from natprobe.client.survey import Survey
from natprobe.net.trouble import Trouble
from natprobe.wire.behaviour import CERTAIN, Tally, Trial, chance_of_loss, pooled
from natprobe.wire.parcel import new_token, parcel
from natprobe.wire.session import Login

if TYPE_CHECKING:  # most runs need no relay, and start sooner without its client
    from natprobe.client.turn import TurnClient

SENDS_S = (0.0, 0.06, 0.14, 0.25, 0.37, 0.5)
MORE_S = (0.0, 0.1, 0.2, 0.3)
_CONTROL_S = (0.0, 0.1, 0.2, 0.3, 0.45)
_MOST_ROUNDS = 4
_ALLOCATE_S = 4.0
_NEW_PORTS = 3  # RFC 8656 section 7.4: after 437 a client tries again from another port, with moderation


class RelayTrials(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a relay could do, and the evidence."""

    server: Address
    relayed: Address | None = None
    egress: Address | None = None
    """The source that relayed packets were seen to come from."""
    trouble: str | None = None
    """Why there was nothing to be tried: a clause."""
    mapped: Address | None = None
    controls: tuple[Sounding, ...] = ()
    proof: Flight | None = None
    flights: tuple[Flight, ...] = ()
    address: Trial | None = None
    port: Trial | None = None


class _Ear(msgspec.Struct, frozen=True):
    """A fresh socket that has written to one server, which it keeps asking as a control of the path."""

    sounder: Sounder
    control: Inquiry

    @property
    def mapped(self) -> Address | None:
        return self.control.sounding().mapped


async def by_relay(
    hold: Hold, survey: Survey, server: Address, login: Login | None, source: Address | None
) -> RelayTrials:
    """Both tests by one relay of `server`, from `source` where it is given. Trouble is told, never raised."""
    client = await _allocated(hold, server, login)
    if isinstance(client, str):
        return RelayTrials(server=server, trouble=client)
    relayed = client.session.relayed or server
    others = [each.question.to for each in survey.answered if each.question.to.host not in {server.host, relayed.host}]
    ears = [_open_ear(hold, towards, source) for towards in (server, server, *others[:1])]
    opened = [ear for ear in ears if not isinstance(ear, Trouble)]
    if len(opened) < len(ears):
        return RelayTrials(server=server, relayed=relayed, trouble="this host could not open its sockets")
    if not await _ready(client, opened):
        return RelayTrials(server=server, relayed=relayed, trouble=f"{server} gave no permission or no mapped address")
    return await _tried(hold, client, relayed, opened)


async def _allocated(hold: Hold, server: Address, login: Login | None) -> "TurnClient | str":
    from natprobe.client.line import Way  # noqa: PLC0415
    from natprobe.client.opening import open_client  # noqa: PLC0415

    try:
        async with asyncio.timeout(_ALLOCATE_S):
            for _ in range(_NEW_PORTS):
                client = await open_client(hold, Way("udp", server, server.host), login)
                if isinstance(client, Trouble):
                    return client.detail
                dialogue = await client.allocate(6 if server.family == 6 else None)
                if dialogue.succeeded and client.session.relayed is not None:
                    return client
                if dialogue.last.code != 437:
                    break
    except TimeoutError:
        return f"{server} gave no relay within {_ALLOCATE_S:g} s"
    last = dialogue.last
    return f"Allocate ended with {last.outcome}" + (f" {last.code}" if last.code else "")


def _open_ear(hold: Hold, towards: Address, source: Address | None) -> _Ear | Trouble:
    sounder = open_sounder(hold, towards, source)
    return sounder if isinstance(sounder, Trouble) else _Ear(sounder, sounder.ask(plain(towards)))


async def _ready(client: "TurnClient", ears: list[_Ear]) -> bool:
    """Every ear knows its mapped address, and the relay may write to them."""
    await asyncio.gather(*(repeat(ear.control, _CONTROL_S, give_up_s=1.2) for ear in ears))
    hosts = {ear.mapped.host for ear in ears if ear.mapped}
    permits = await asyncio.gather(*(client.permit(Address(host, 0)) for host in hosts))
    return all(ear.mapped for ear in ears) and bool(permits) and all(each.succeeded for each in permits)


async def _tried(hold: Hold, client: "TurnClient", relayed: Address, ears: list[_Ear]) -> RelayTrials:
    friend, strangers = ears[0], ears[1:]
    proof_task = asyncio.create_task(_prove(hold, client, relayed, friend))
    flights = await asyncio.gather(*(_fly(hold, client, ear) for ear in strangers))
    proof = await proof_task
    control = pooled(ear.control.sounding().tally for ear in ears)
    egress = proof.source
    port = _trial(flights[0], egress, control, _no_neighbour(egress, client.server))
    address = None
    if len(strangers) > 1:
        address = _trial(flights[1], egress, control, _no_foreigner(egress, strangers[1].control.question.to))
    return RelayTrials(
        server=client.server,
        relayed=relayed,
        egress=egress,
        mapped=strangers[0].mapped,
        controls=tuple(ear.control.sounding() for ear in ears),
        proof=proof,
        flights=tuple(flights),
        port=port,
        address=address,
    )


async def _prove(hold: Hold, client: "TurnClient", relayed: Address, friend: _Ear) -> Flight:
    """The relay writes to a socket that has written to it: to where that socket's packets are seen to come from."""
    token = new_token()
    came_in = client.stun.mailbox.expect(token)
    seen = [friend.mapped or friend.sounder.local]

    def send(data: bytes) -> None:
        friend.sounder.send(parcel(token), relayed)
        if came_in.done():
            seen[0] = came_in.result().source
        client.send(seen[0], data)

    wait_s = _wait_s([friend])
    return await fly(
        "relay to a socket that wrote to it", send, friend.sounder.mailbox, hold.clock,
        sends_s=(*SENDS_S, 0.7), wait_s=0.7 + wait_s,
    )  # fmt: skip


async def _fly(hold: Hold, client: "TurnClient", ear: _Ear) -> Flight:
    """The relay writes to a socket that has never written to it, until loss is no explanation for silence any more."""
    mapped = ear.mapped or ear.sounder.local
    sends_s: tuple[float, ...] = SENDS_S
    flights: list[Flight] = []
    for _ in range(_MOST_ROUNDS):

        def send(data: bytes) -> None:
            client.send(mapped, data)
            ear.control.send()

        flight = await fly(
            "relay to a socket that it is a stranger to", send, ear.sounder.mailbox, hold.clock,
            sends_s=sends_s, wait_s=sends_s[-1] + _wait_s([ear]),
        )  # fmt: skip
        flights.append(flight)
        sends = sum(len(each.sends_ms) for each in flights)
        if flight.arrived or chance_of_loss(ear.control.sounding().tally, sends) < CERTAIN:
            break
        sends_s = MORE_S
    return _together(flights)


def _together(flights: list[Flight]) -> Flight:
    last = flights[-1]
    sends = tuple(sent for flight in flights for sent in flight.sends_ms)
    waited = None if last.arrived else sum(flight.waited_ms or 0.0 for flight in flights)
    return msgspec.structs.replace(last, sends_ms=sends, waited_ms=waited)


def _wait_s(ears: list[_Ear]) -> float:
    return max(0.15, 3 * max(ear.control.sounding().slowest_ms for ear in ears) / 1000)


def _trial(flight: Flight, egress: Address | None, control: Tally, wrong: str | None) -> Trial:
    return Trial(
        stranger=str(flight.source or egress or "the relay"),
        sends=len(flight.sends_ms),
        waited_ms=flight.waited_ms or 0.0,
        arrived=flight.arrived and wrong is None,
        proved=egress is not None,
        disproof=wrong,
        control=control,
    )


def _no_neighbour(egress: Address | None, known: Address) -> str | None:
    """Why the relay is no other port of the address `known`, or None where it is."""
    if egress is None or egress.host == known.host:
        return None
    return f"the relay writes from {egress.host}, which is not the server's own address {known.host}"


def _no_foreigner(egress: Address | None, known: Address) -> str | None:
    """Why the relay is no stranger at another address than `known`, or None where it is."""
    if egress is None or egress.host != known.host:
        return None
    return f"the relay writes from {egress.host}, which the socket has written to"
