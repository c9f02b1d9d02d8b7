"""In which way shall the server fail? A closed list of faults, as data."""

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Final

import msgspec

from natprobe.address import Address, is_literal
from natprobe.server.effects import Transport
from natprobe.wire.registry import Method


class Kind(Enum):
    """What goes wrong. The texts say it to a person."""

    # A request never gets to the server's mind.
    SILENT = "a request is not answered and has no effect"
    SILENT_ALTERNATE = "every address but the primary one is silent"
    SILENT_RELEASE = "a Refresh with lifetime 0 is not answered and has no effect"
    REFUSE_AT_ONCE = "a request is answered with an error, whoever asks"
    REFUSE = "a request with a good credential is answered with an error"

    # An answer goes wrong on its way out.
    LOST = "a request takes effect, its answer is lost"
    LATE = "an answer comes late"
    OTHER_PORT = "an answer comes from the server's other port"
    OTHER_HOST = "an answer comes from the server's other address"
    WRONG_TRANSACTION = "an answer has another transaction id"
    WRONG_FINGERPRINT = "an answer's FINGERPRINT is wrong"
    NO_INTEGRITY = "a success response has no MESSAGE-INTEGRITY"
    WRONG_INTEGRITY = "a success response's MESSAGE-INTEGRITY is wrong"
    TRUNCATED = "an answer ends in the middle"
    WRONG_LENGTH = "an answer's header claims too few bytes"
    MALFORMED_ATTRIBUTE = "an attribute claims more bytes than there are"
    GARBAGE = "random bytes instead of an answer"
    HUGE_ATTRIBUTE = "an answer has an attribute of 8000 bytes"
    UNKNOWN_OPTIONAL = "an answer has 64 unknown attributes that a client may ignore"
    UNKNOWN_REQUIRED = "an answer has an unknown attribute that a client may not ignore"

    # A challenge is not what it should be.
    EMPTY_REALM = "REALM is empty"
    NO_REALM = "a challenge has no REALM"
    NO_NONCE = "a challenge has no NONCE"
    BID_DOWN = "the nonce announces PASSWORD-ALGORITHMS, which is missing"
    THIRD_PARTY = "a challenge asks for an OAuth token (THIRD-PARTY-AUTHORIZATION)"

    # An answer tells something untrue.
    NO_XOR_MAPPED = "a Binding response has no XOR-MAPPED-ADDRESS"
    XOR_MAPPED = "XOR-MAPPED-ADDRESS is another address"
    MAPPED = "MAPPED-ADDRESS is another address, as an application gateway rewrites it"
    OTHER_ADDRESS = "OTHER-ADDRESS is another address"
    CHANGE_IGNORED = "CHANGE-REQUEST is ignored"
    NO_RELAYED = "an Allocate response has no XOR-RELAYED-ADDRESS"
    RELAYED = "XOR-RELAYED-ADDRESS names another host"
    LIFETIME = "LIFETIME is another one"

    # Relayed data gets lost.
    RELAY_IN_DEAD = "nothing that is sent to the relayed address arrives"
    RELAY_IN_CLOSED = "only answers reach the relayed address, as behind a stateful firewall"
    RELAY_OUT_DEAD = "nothing leaves the relay"
    RELAY_PORT = "what leaves the relay comes from another port"
    LOOP_DEAD = "nothing gets from relay to relay"
    CHANNEL_DATA_DROPPED = "ChannelData is dropped, both ways"
    PERMISSIONS_IGNORED = "everybody may send to the relayed address"

    # A stream is not what it should be.
    HANG_UP = "a connection is closed at once"
    MUTE = "a connection is accepted and nothing is ever said"
    HTTP = "a web server answers"


ARRIVAL: Final = frozenset({Kind.SILENT, Kind.SILENT_ALTERNATE, Kind.SILENT_RELEASE, Kind.REFUSE_AT_ONCE, Kind.HTTP})


class Fault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One fault, and what it is limited to. None of the limits means every request, over everything."""

    kind: Kind
    method: Method | None = None
    transport: Transport | None = None
    times: int | None = None
    """How often; None means for ever."""
    code: int | None = None
    """The error code of a refusal."""
    address: Address | None = None
    """The untrue address, or the alternate server of a 300. A port of 0 keeps the true one."""
    seconds: float | None = None
    """The delay of a late answer, the untrue lifetime."""

    def __post_init__(self) -> None:
        """Raises ValueError where the fault could not be told on the wire."""
        if self.code is not None and not 300 <= self.code <= 699:
            raise ValueError(f"an error code stands between 300 and 699: {self.code}")
        if self.seconds is not None and not 0 <= self.seconds <= 0xFFFFFFFF:
            raise ValueError(f"not a number of seconds: {self.seconds}")
        if self.address is not None and not (is_literal(self.address.host) and 0 <= self.address.port <= 0xFFFF):
            raise ValueError(f"not a transport address: {self.address}")


class FaultBook:
    """The faults that are due, and how often still."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._left: list[tuple[Fault, int | None]] = []
        for fault in faults:
            self.add(fault)

    def __len__(self) -> int:
        return len(self._left)

    def add(self, fault: Fault) -> None:
        """From now on, `fault` as often as it says."""
        if fault.times is None or fault.times > 0:
            self._left.append((fault, fault.times))

    def clear(self) -> None:
        """From now on, nothing fails."""
        self._left.clear()

    def take(self, fits: Callable[[Fault], bool]) -> tuple[Fault, ...]:
        """The faults that fit, each of them counted as used once."""
        taken = tuple(fault for fault, _ in self._left if fits(fault))
        self._left = [
            (fault, left - 1 if left is not None and fault in taken else left)
            for fault, left in self._left
            if not (left == 1 and fault in taken)
        ]
        return taken

    def strikes(self, kind: Kind, transport: Transport, method: int | None = None) -> bool:
        """Whether a fault of this kind hits; counted as used."""
        return bool(self.take(lambda fault: fault.kind is kind and concerns(fault, transport, method)))


def concerns(fault: Fault, transport: Transport, method: int | None) -> bool:
    """Whether the fault's limits let it hit this."""
    return fault.transport in {None, transport} and (fault.method is None or fault.method == method)
