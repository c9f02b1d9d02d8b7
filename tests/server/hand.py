"""A client by hand: composes requests with natprobe.wire, gives them to a ServerCore, and keeps what comes back."""

from collections.abc import Iterable

from natprobe.address import Address
from natprobe.credential import Credential, Secret
from natprobe.server.config import ServerConfig
from natprobe.server.core import ServerCore
from natprobe.server.effects import Effect, Effects, FiveTuple, OpenRelay, Reply, Transport
from natprobe.server.grid import Grid
from natprobe.wire.attributes import encode_requested_transport, encode_u32, encode_xor_address, error_code
from natprobe.wire.message import Message, build, parse
from natprobe.wire.registry import PROTOCOL_UDP, Attribute, MessageClass, Method
from natprobe.wire.session import Login, Session

GRID = Grid(("127.0.0.1", "127.0.0.2"), (3478, 3479))
GRID6 = Grid(("::1",), (3478, 3479))
PRIMARY = GRID.primary
CLIENT = Address("127.0.0.1", 5000)
PEER = Address("127.0.0.1", 6000)
USER, PASSWORD = "demo", "a-word-of-the-tests"
LOGIN = Login(USER, PASSWORD)
CONFIG = ServerConfig(users=(Credential(USER, Secret(PASSWORD)),))
UDP_RELAY = (Attribute.REQUESTED_TRANSPORT, encode_requested_transport(PROTOCOL_UDP))


def core_of(config: ServerConfig = CONFIG) -> ServerCore:
    return ServerCore(config, (GRID, GRID6), key=b"the tests' key")


class Hand:
    """One 5-tuple's client. Relays that the core wants opened are opened at once, on ports from 50001 on."""

    def __init__(
        self,
        core: ServerCore,
        *,
        client: Address = CLIENT,
        server: Address = PRIMARY,
        transport: Transport = "udp",
        login: Login | None = LOGIN,
    ) -> None:
        self.core = core
        self.five_tuple = FiveTuple(transport, client, server)
        self.session = Session(login)
        self.replies: list[Reply] = []
        self.effects: list[Effect] = []
        self.now = 0.0

    def give(self, data: bytes) -> Effects:
        """Gives the core one message; opens the relays that it asks for."""
        effects = self.core.receive(data, self.five_tuple, self.now)
        for effect in effects:
            if isinstance(effect, OpenRelay):
                relayed = Address(effect.host, 50000 + effect.relay)
                effects += self.core.relay_opened(effect.relay, relayed, self.now)
        self.effects += effects
        self.replies += [effect for effect in effects if isinstance(effect, Reply)]
        return effects

    def raw(
        self, method: Method, attributes: Iterable[tuple[int, bytes]] = (), peer: Address | None = None
    ) -> bytes | None:
        """One request; the bytes of its answer, or None."""
        before = len(self.replies)
        self.give(self.session.compose(method, attributes, peer).data)
        return self.replies[-1].data if len(self.replies) > before else None

    def once(
        self, method: Method, attributes: Iterable[tuple[int, bytes]] = (), peer: Address | None = None
    ) -> Message | None:
        """One request; its answer where it can be read."""
        data = self.raw(method, attributes, peer)
        message = parse(data) if data is not None else None
        return message if isinstance(message, Message) else None

    def ask(self, method: Method, attributes: Iterable[tuple[int, bytes]] = (), peer: Address | None = None) -> Message:
        """The final answer, challenges met. Raises AssertionError where there is none."""
        fixed = tuple(attributes)
        for _ in range(4):
            message = self.once(method, fixed, peer)
            assert message is not None, f"{method.name} was not answered"
            if self.session.digest(message) == "final":
                return message
        raise AssertionError(f"{method.name} was challenged again and again")

    def allocate(self, *more: tuple[int, bytes]) -> Message:
        return self.ask(Method.ALLOCATE, (UDP_RELAY, *more))

    def permit(self, peer: Address = PEER) -> Message:
        return self.ask(Method.CREATE_PERMISSION, peer=peer)

    def bind(self, number: int, peer: Address = PEER) -> Message:
        return self.ask(Method.CHANNEL_BIND, ((Attribute.CHANNEL_NUMBER, number.to_bytes(2) + bytes(2)),), peer)

    def refresh(self, lifetime_s: int) -> Message:
        return self.ask(Method.REFRESH, ((Attribute.LIFETIME, encode_u32(lifetime_s)),))

    def send(self, payload: bytes, peer: Address = PEER) -> Effects:
        token = bytes(12)
        attributes = ((Attribute.XOR_PEER_ADDRESS, encode_xor_address(peer, token)), (Attribute.DATA, payload))
        return self.give(build(Method.SEND, MessageClass.INDICATION, token, attributes))

    def arrive(self, payload: bytes, peer: Address = PEER, relay: int = 1) -> Effects:
        """A datagram from `peer` to this client's relay."""
        return self.core.relay_received(relay, payload, peer, self.now)


def code_of(message: Message | None) -> int | None:
    """The error code, or None for a success."""
    assert message is not None, "there was no answer"
    error = error_code(message)
    return error.code if error else None


def live(core: ServerCore | None = None, transport: Transport = "udp") -> Hand:
    """A client with an allocation, a permission for PEER and nothing else."""
    hand = Hand(core or core_of(), transport=transport)
    assert code_of(hand.allocate()) is None
    assert code_of(hand.permit(PEER)) is None
    return hand
