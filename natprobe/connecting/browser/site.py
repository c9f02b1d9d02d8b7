"""The page, served for as long as a call is made; and what its browser is told to begin with."""

import contextlib
from collections.abc import AsyncIterator, Callable

from natprobe.address import Address
from natprobe.connecting.browser.board import Board, Seat
from natprobe.connecting.browser.events import ToPage
from natprobe.connecting.browser.service import BOUNDS, Service, new_token
from natprobe.gathering import Wish
from natprobe.listening.http import serve_http
from natprobe.net.interfaces import local_addresses

WILDCARDS = frozenset({"0.0.0.0", "::"})  # noqa: S104
_BROWSER_SCHEMES = frozenset({"stun", "turn", "turns"})


@contextlib.asynccontextmanager
async def served(board: Board, listen: tuple[Address, ...], show: Callable[[str], None]) -> AsyncIterator[None]:
    """Serves the page; `show` gets each address under which it is reached. Raises ListenError."""
    token = new_token()
    service = Service(board, token)
    async with serve_http(listen, service.answer, BOUNDS) as server:
        service.addresses = server.addresses
        for address in server.addresses:
            for reached in _reached(address):
                show(f"http://{reached}/{token}/")
        yield


def _reached(address: Address) -> tuple[Address, ...]:
    """The addresses of this host that `address` stands for."""
    if address.host not in WILDCARDS:
        return (address,)
    own = tuple(each for each in local_addresses() if each.family == address.family)
    return tuple(Address(each.host, address.port) for each in own) or (address,)


def begin(seat: Seat, wish: Wish, *, offers: bool, data: bool) -> None:
    """Has the page begin; the credentials of the TURN servers go to it, and nowhere else."""
    seat.tell(
        {
            "kind": "begin",
            "role": "offer" if offers else "answer",
            "policy": wish.policy,
            "data": data,
            "iceServers": _ice_servers(wish),
        }
    )


def _ice_servers(wish: Wish) -> list[ToPage]:
    """The servers as `new RTCPeerConnection()` takes them, without those that it would refuse."""
    servers: list[ToPage] = []
    for target, credential in zip(wish.plan.targets, wish.credentials, strict=True):
        if target.scheme not in _BROWSER_SCHEMES or (target.scheme == "turns" and target.transport == "udp"):
            continue
        if target.scheme == "stun":
            servers.append({"urls": str(target)})
        elif credential is not None:
            login = {"username": credential.username, "credential": credential.password.reveal()}
            servers.append({"urls": str(target), **login})
    return servers
