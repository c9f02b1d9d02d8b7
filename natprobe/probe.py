"""What is a probe? One question put to one cell: a target over one transport at one address.

A probe is one file in `natprobe/probes`: `observe` talks to the network through its `Context` and returns frozen
evidence, `judge` is pure and turns that evidence into a status, a sentence and findings, and one `Probe` constant
declares both. Live things that later probes of the same cell need (an allocation, a handshake) are put on the cell's
`Bench` by type; a probe whose need was never put there is skipped by the runner, which names the reason.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Generic, Literal, Protocol, TypeVar

import msgspec

from natprobe.address import Address, AddressKind
from natprobe.client.hold import Hold
from natprobe.client.shared import Once, each_time
from natprobe.credential import Credential, Secret
from natprobe.events import Raised, TransportName
from natprobe.expectations import Expectations
from natprobe.iceservers import Written
from natprobe.model import Status
from natprobe.net.clock import Clock
from natprobe.target import Target
from natprobe.wire.session import Login

E = TypeVar("E", bound=msgspec.Struct)
T = TypeVar("T")


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What the evidence of one check says, on its own."""

    status: Status
    summary: str
    raised: tuple[Raised, ...] = ()


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for, beside the targets: for all of them, or in a deployment file for one."""

    credential: Credential | None = None
    credential_origin: str | None = None
    insecure: bool = False
    ca_file: str | None = None
    relay_ports: tuple[int, int] | None = None
    """The relay's port range as the user declares it."""
    nameservers: tuple[Address, ...] = ()
    """Whom to ask about names in place of this system's resolver."""
    now_s: float = 0.0
    """UNIX time at the run's start: what credentials and certificates are judged by."""
    lifetime_cap_s: float = 180.0
    """The longest silence after which a NAT's binding is looked at."""
    minted: bool = False
    """Whether natprobe minted the credential itself, from a shared secret (TURN REST)."""
    expect: Expectations = Expectations()
    every_port: bool = False
    """Whether each port of a large range is asked, and not an even choice of them."""
    skip: tuple[str, ...] = ()
    """The ids of the checks that the user leaves out."""
    timeout_s: float | None = None
    """The longest that one target may take; None leaves the run's own deadline."""
    group: str | None = None
    """What the target belongs to, in the user's own words."""
    api_secret: Secret | None = None
    """What a gateway's API asks for (Janus' `apisecret`). Sent only to one whose certificate is good."""
    query_secrets: tuple[tuple[str, Secret], ...] = ()
    """Query parameters of a web target that are secret: sent, and shown nowhere."""
    written: Written | None = None
    """For a list of ICE servers (`iceservers:NAME`): the list, as it stands in a page."""

    @property
    def user(self) -> str:
        """The user name, or nothing where no credential was given."""
        return self.credential.username if self.credential else ""

    @property
    def login(self) -> Login | None:
        """The credential as `wire` takes it."""
        if self.credential is None:
            return None
        return Login(self.credential.username, self.credential.password.reveal())


class Cell(msgspec.Struct, frozen=True):
    """One target over one transport at one address: what a ladder of probes climbs."""

    target: Target
    """The target with its transport named, as the report shows it."""
    asked: Target
    """The target as the user wrote it."""
    transport: TransportName
    address: Address


class Server(msgspec.Struct, frozen=True):
    """One server that this host can ask about itself, and where it stands."""

    target: Target
    address: Address


class Side(msgspec.Struct, frozen=True):
    """This host in one address family, from one of its addresses: what the probes of `natprobe nat` look at."""

    family: Literal[4, 6]
    source: Address | None
    """The address to send from (port 0), or None where routing shall choose."""
    servers: tuple[Server, ...]

    def __str__(self) -> str:
        return f"IPv{self.family}" + (f" from {self.source.host}" if self.source else "")


class Destination(msgspec.Struct, frozen=True):
    """Where one transport of a target leads: what a resolver, or a literal in the URI, says."""

    transport: TransportName
    address: Address


class Destinations(msgspec.Struct, frozen=True):
    """Every destination of one target."""

    found: tuple[Destination, ...]


class Lead(msgspec.Struct, frozen=True):
    """A target that an answer named, with the credential that came with it."""

    target: Target
    credential: Credential | None = None
    query_secrets: tuple[tuple[str, Secret], ...] = ()
    """Parameters of its URL that may be secret: sent, and shown nowhere."""
    page: str | None = None
    """The page that uses it, where the user has named none."""
    method: Literal["GET", "POST"] | None = None
    """How clients ask for it, where that is known."""


Followed = Literal["followed", "known", "withheld", "too-many"]
"""What became of a lead: it is checked beside the others; it was, or is being, checked already with that credential; it
points to loopback or a like place to which no answer may send us; or the answers led to more than a run follows."""
Follow = Callable[[Lead], Followed]


def not_followed(_lead: Lead) -> Followed:
    """For runs that follow nothing."""
    return "too-many"


class Advance(Protocol):
    """Tells how far a check that takes long has come: `done` of `total` ports, or seconds."""

    def __call__(self, done: float, total: float, unit: str) -> None:
        """May be called as often as anything changes; progress displays hear of it a few times a second."""


def untold(done: float, total: float, unit: str) -> None:
    """For runs that nobody watches."""


Keep = Callable[[Callable[[], msgspec.Struct | None]], None]


def kept_by_nobody(so_far: Callable[[], msgspec.Struct | None]) -> None:
    """For runs that are not cut off."""


Alone = Callable[[], Awaitable[None]]


async def at_once() -> None:
    """For checks that stand by themselves."""


class Bench(msgspec.Struct):
    """The live things of one cell, by type: put there by one probe, used by the next."""

    _things: dict[type[Any], Any] = msgspec.field(default_factory=dict)

    def put(self, thing: object) -> None:
        """Make `thing` available to the later probes of this cell."""
        self._things[type(thing)] = thing

    def has(self, kind: type[Any]) -> bool:
        """Whether a `kind` was put here."""
        return kind in self._things

    def get(self, kind: type[T]) -> T:
        """The cell's `kind`. Raises KeyError where none was put."""
        thing: T = self._things[kind]
        return thing


class Context(msgspec.Struct, frozen=True):
    """Everything that a probe may touch."""

    target: Target
    place: Cell | None
    """The cell, or None for a probe of the target as a whole (its name)."""
    settings: Settings
    bench: Bench
    hold: Hold
    seat: Side | None = None
    """The side of this host that is probed through several servers; `target` is the first of these then."""
    origin: str | None = None
    """The target whose answer led here; None for a target that the user named."""
    follow: Follow = not_followed
    """Has what an answer named checked as a target of its own, beside this one."""
    advance: Advance = untold
    """Tells how far this check has come, where it takes longer than a person likes to wait."""
    alone: Alone = at_once
    """Returns when every other check of this ladder has ended: what would make a run longer ends with them."""
    keep: Keep = kept_by_nobody
    """Names what is judged where this check is cut off: a function that gives the evidence so far, or None while there
    is none yet."""
    once: Once = each_time
    """Asks what several targets would ask alike only once a run; nothing of the cell may be used in it but its hold's
    clock and roots."""
    shunned: frozenset[AddressKind] = frozenset()
    """Kinds of addresses that are not spoken to here, since an answer and not the user named them."""

    @property
    def subject(self) -> str:
        """What the checks made here are about, as the report shows it."""
        return str(self.seat or (self.place.target if self.place else self.target))

    @property
    def asked(self) -> str:
        """The subject as the user wrote it, or as an answer named it, with the target that answered."""
        return str(self.seat or self.target) + (f" from {self.origin}" if self.origin else "")

    @property
    def side(self) -> Side:
        """The side of this host that is probed. Raises LookupError in a probe of a server."""
        if self.seat is None:
            raise LookupError("this probe is not about this host")
        return self.seat

    @property
    def clock(self) -> Clock:
        """The run's clock."""
        return self.hold.clock

    @property
    def cell(self) -> Cell:
        """The cell that is probed. Raises LookupError in a probe of a target as a whole."""
        if self.place is None:
            raise LookupError("this probe has no cell")
        return self.place


def always(_settings: Settings) -> bool:
    """For probes that are part of every check."""
    return True


def whatever(_target: Target) -> bool:
    """For probes of every target of their schemes."""
    return True


def sees_all() -> tuple[str, ...]:
    """For probes that need no privilege."""
    return ()


class Probe(msgspec.Struct, Generic[E], frozen=True):
    """The declaration of one probe; its file is its only mention."""

    id: str
    title: str
    schemes: frozenset[str]
    evidence: type[E]
    observe: Callable[[Context], Awaitable[E]]
    judge: Callable[[E], Judgement]
    deadline_s: float
    needs: tuple[type[Any], ...] = ()
    """Live things that must be on the bench; where one is missing this probe is skipped."""
    gives: tuple[type[Any], ...] = ()
    """Live things that this probe puts on the bench when it succeeds."""
    rung: int = 0
    """Where the check stands when a ladder is told; what really waits for what follows from `needs` and `after`."""
    after: tuple[str, ...] = ()
    """Probes of the same cell that must have ended, however they ended."""
    transports: frozenset[TransportName] = frozenset({"udp", "tcp", "tls", "dtls"})
    scope: Literal["target", "spare", "cell", "host"] = "cell"
    """Whether it is put to a target once (`spare`: to one that nobody named), to each of its cells, or to this host
    through all targets together."""
    wanted: Callable[[Settings], bool] = always
    """Whether the user asked for it: what is a load on a server, or takes long, is made only then."""
    about: Callable[[Target], bool] = whatever
    """Whether the target is one that the question is about, where its scheme alone does not say so (a path)."""
    limits: Callable[[], tuple[str, ...]] = sees_all
    """What this system, or missing privilege, keeps from it, one sentence each: told once a run, with the vantage."""
