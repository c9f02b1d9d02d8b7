"""What was sent and received, as a file that Wireshark dissects (pcapng).

Theory of operation. A run tells its messages as Packet events: what crossed a socket, above TLS and DTLS, with times
and addresses. The headers below them are rebuilt here: Ethernet, IP, and UDP or TCP with the true ports, sequence
numbers that fit, and right checksums. What never was an event (SYN, acknowledgements, TLS records) is not made up.
Messages that went through TLS or DTLS stand in clear on a TCP or UDP flow; each such frame has a comment that says so.
Events are kept until the run has ended, as building frames takes time that would show in its round trips.
"""

import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from natprobe.address import Address
from natprobe.events import Event, Packet, RunStarted
from natprobe.net import raw
from natprobe.record import recorded

LONGEST_SEGMENT = 60_000
_PORT_OF_STUN = {"tls": "tcp", "dtls": "udp"}
_HERE, _THERE = "02:00:00:00:00:01", "02:00:00:00:00:02"
_INBOUND, _OUTBOUND = 1, 2  # pcapng's epb_flags


class CaptureError(Exception):
    """No capture can be written. The message is one line and says what to do."""


class Frame(NamedTuple):
    """One frame to be written."""

    at_s: float
    """UNIX time."""
    source: Address
    destination: Address
    transport: str
    """udp, tcp, tls or dtls, as the message went."""
    outbound: bool
    sequence: int
    """Of TCP; 0 over UDP."""
    acknowledged: int
    data: bytes

    @property
    def over_tcp(self) -> bool:
        """Whether the frame is a TCP segment, with or without TLS above it."""
        return self.transport in ("tcp", "tls")

    @property
    def comment(self) -> str | None:
        """What a reader of the file has to know of this frame."""
        below = _PORT_OF_STUN.get(self.transport)
        if below is None:
            return None
        server = self.destination if self.outbound else self.source
        return (
            f"natprobe: inside {self.transport.upper()} on the wire, written here in clear. Where Wireshark takes the "
            f"port for another protocol: Decode As {below}.port {server.port}, STUN."
        )


class Capture:
    """A listener that keeps what a run sends and receives; `write` makes the file of it."""

    def __init__(self, path: Path, *, raw: bool = False) -> None:
        """`raw` leaves nonces and integrity values as they were. Raises CaptureError before anything is sent."""
        load()
        _create(path)
        self._path = path
        self._raw = raw
        self._events: list[RunStarted | Packet] = []

    def __call__(self, event: Event) -> None:
        """Keeps `event` where it is part of a capture."""
        if isinstance(event, RunStarted | Packet):
            self._events.append(event)

    def write(self) -> None:
        """Writes what was kept. Raises CaptureError where the file cannot be written."""
        write(self._path, self._events if self._raw else map(recorded, self._events))


def load() -> Any:
    """scapy, where it is installed. Raises CaptureError."""
    try:
        return raw.load()
    except raw.ScapyMissing as error:
        raise CaptureError(f"a capture needs {error}") from error


def frames(events: Iterable[Event]) -> Iterator[Frame]:
    """The messages among `events` as frames, in the order of their times."""
    told = tuple(events)
    began_s = next((_unix_time(event.started) for event in told if isinstance(event, RunStarted)), 0.0)
    sent: dict[tuple[Address, Address], int] = {}
    for packet in sorted((event for event in told if isinstance(event, Packet)), key=lambda packet: packet.at_ms):
        yield from _frames_of(packet, began_s, sent)


def write(path: Path, events: Iterable[Event]) -> None:
    """Writes the messages among `events` to `path`. Raises CaptureError."""
    scapy = load()
    _create(path)
    try:
        writer = scapy.utils.PcapNgWriter(str(path))
        with writer:
            writer.write_header(None)  # a run without a message is a valid file too
            for frame in frames(events):
                writer.write_packet(_built(scapy, frame))
    except OSError as error:
        raise CaptureError(f"{path} cannot be written ({error.strerror})") from error


def _create(path: Path) -> None:
    """Makes sure of the file, for its owner only: it shows whom somebody calls."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    except OSError as error:
        raise CaptureError(f"{path} cannot be written ({error.strerror})") from error


def _frames_of(packet: Packet, began_s: float, sent: dict[tuple[Address, Address], int]) -> Iterator[Frame]:
    outbound = packet.direction == "sent"
    local = _in_family(packet.local, packet.remote)
    source, destination = (local, packet.remote) if outbound else (packet.remote, local)
    streams = packet.transport in ("tcp", "tls")
    for data in _segments(_padded(packet)) if streams else (packet.data,):
        sequence = sent.get((source, destination), 1)
        yield Frame(
            at_s=began_s + packet.at_ms / 1000,
            source=source,
            destination=destination,
            transport=packet.transport,
            outbound=outbound,
            sequence=sequence if streams else 0,
            acknowledged=sent.get((destination, source), 1) if streams else 0,
            data=data,
        )
        if streams:
            sent[source, destination] = (sequence + len(data)) % 2**32


def _padded(packet: Packet) -> bytes:
    """A received ChannelData message with the padding that it had in its stream, which the framer took away.

    RFC 8656 section 12.5: it is padded to a multiple of four bytes, and its length does not tell.
    """
    framed = packet.direction == "received" and 0x40 <= next(iter(packet.data), 0) < 0x50
    return packet.data + bytes(-len(packet.data) % 4) if framed else packet.data


def _segments(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), LONGEST_SEGMENT):
        yield data[start : start + LONGEST_SEGMENT]


def _in_family(local: Address, remote: Address) -> Address:
    """A socket for both families has an IPv6 address of its own even where it speaks IPv4."""
    if local.family == remote.family:
        return local
    return Address("0.0.0.0" if remote.family == 4 else "::", local.port)  # noqa: S104  nothing is bound


def _built(scapy: Any, frame: Frame) -> Any:
    """The frame as scapy's layers, which fill in lengths and checksums."""
    inet, inet6 = scapy.layers.inet, scapy.layers.inet6
    here, there = (_HERE, _THERE) if frame.outbound else (_THERE, _HERE)
    network = inet.IP if frame.source.family == 4 else inet6.IPv6
    ports = {"sport": frame.source.port, "dport": frame.destination.port}
    numbers = {"seq": frame.sequence, "ack": frame.acknowledged, "flags": "PA"} if frame.over_tcp else {}
    carrier = inet.TCP if frame.over_tcp else inet.UDP
    built = (
        inet.Ether(src=here, dst=there)
        / network(src=frame.source.host, dst=frame.destination.host)
        / carrier(**ports, **numbers)
        / frame.data
    )
    built.time = frame.at_s
    built.direction = _OUTBOUND if frame.outbound else _INBOUND
    built.sniffed_on = frame.transport  # becomes the name of the interface
    if frame.comment:
        built.comment = frame.comment.encode()
    return built


def _unix_time(started: str) -> float:
    try:
        return datetime.fromisoformat(started).timestamp()
    except ValueError:
        return 0.0
