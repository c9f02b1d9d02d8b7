"""A deployment as values: entries, each a target with what is its own, and what holds for the whole run."""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from natprobe.address import Address
from natprobe.client.ports import longest_s
from natprobe.credential import Credential, Secret, mint
from natprobe.credential.sources import DEFAULT_TTL_S
from natprobe.expectations import Expectations, sampling_s
from natprobe.iceservers import Written
from natprobe.plan import DEFAULT_DEADLINE_S
from natprobe.probe import Settings
from natprobe.target import Target

TURN = frozenset({"turn", "turns"})
_TARGETS_AT_ONCE = 16
"""More targets than this do not all run at once any more: each further lot gets more time."""
_MORE_S = 10.0


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """A TURN credential as the file describes it: a user with a password, or a shared secret that mints one."""

    user: str | None
    secret: Secret
    minted: bool
    """Whether `secret` is the server's shared secret (TURN REST), and no password."""
    origin: str
    """Where it was looked up, for the report."""

    def credential(self, now_s: float) -> Credential:
        """What to authenticate with at that UNIX time."""
        if self.minted:
            return mint(self.secret, self.user, DEFAULT_TTL_S, now_s)
        return Credential(self.user or "", self.secret)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One target, and what the file says of it."""

    target: Target
    group: str | None = None
    login: Login | None = None
    expect: Expectations = Expectations()
    skip: tuple[str, ...] = ()
    timeout_s: float | None = None
    insecure: bool = False
    relay_ports: tuple[int, int] | None = None
    every_port: bool = False
    api_secret: Secret | None = None
    query_secrets: tuple[tuple[str, Secret], ...] = ()
    written: Written | None = None
    """For a list of ICE servers: the list."""

    def settings(self, base: Settings) -> Settings:
        """The entry's settings in a run whose command line says `base`: what stands there counts more."""
        own = self.login if self.target.scheme in TURN and base.credential is None else None
        return msgspec.structs.replace(
            base,
            credential=own.credential(base.now_s) if own else base.credential,
            credential_origin=own.origin if own else base.credential_origin,
            minted=own.minted if own else base.minted,
            insecure=base.insecure or self.insecure,
            relay_ports=base.relay_ports or self.relay_ports,
            expect=self.expect,
            skip=self.skip,
            timeout_s=self.timeout_s,
            group=self.group,
            every_port=self.every_port,
            api_secret=self.api_secret,
            query_secrets=self.query_secrets,
            written=self.written,
        )


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says about the run as a whole; options of the command line count more."""

    deadline_s: float | None = None
    ca_file: str | None = None
    resolvers: tuple[Address, ...] = ()
    families: tuple[Literal[4, 6], ...] = (4, 6)

    def under(self, settings: Settings) -> Settings:
        """`settings`, and where these leave it open what the file says."""
        return msgspec.structs.replace(
            settings,
            ca_file=settings.ca_file or self.ca_file,
            nameservers=settings.nameservers or self.resolvers,
        )


class AbsentError(LookupError):
    """A deployment has no group and no target of that name."""

    def __init__(self, name: str, here: tuple[str, ...]) -> None:
        super().__init__(name)
        self.name = name
        self.here = here
        """What there is."""


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """A whole file."""

    entries: tuple[Entry, ...]
    run: Run = Run()

    @property
    def targets(self) -> tuple[Target, ...]:
        """The targets, in the file's order."""
        return tuple(entry.target for entry in self.entries)

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups that hold a target."""
        return tuple(dict.fromkeys(entry.group for entry in self.entries if entry.group is not None))

    @property
    def deadline_s(self) -> float:
        """The run's deadline: the file's own, else one that fits its targets."""
        return self.run.deadline_s or fitting_deadline_s(self.entries)

    def own(self, base: Settings) -> Mapping[Target, Settings]:
        """Each target's settings in a run whose command line says `base`."""
        return {entry.target: entry.settings(base) for entry in self.entries}

    def only(self, named: Iterable[str]) -> "Deployment":
        """The part of it whose groups or targets are `named`. Raises AbsentError for the first that is not there."""
        wanted = tuple(named)
        here = (*self.groups, *map(str, self.targets))
        absent = next((name for name in wanted if name not in here), None)
        if absent is not None:
            raise AbsentError(absent, here)
        part = tuple(entry for entry in self.entries if entry.group in wanted or str(entry.target) in wanted)
        return msgspec.structs.replace(self, entries=part)


def fitting_deadline_s(entries: tuple[Entry, ...]) -> float:
    """A run's default: more for many targets, for silences that are waited out, and for a target that may take long."""
    lots = -(-len(entries) // _TARGETS_AT_ONCE)
    usual_s = DEFAULT_DEADLINE_S + _MORE_S * max(0, lots - 1)
    waited_s = max((_waited_s(entry) for entry in entries), default=0.0)
    asked_s = max((entry.timeout_s or 0.0 for entry in entries), default=0.0)
    return max(usual_s + waited_s, asked_s + 2.0)


def _waited_s(entry: Entry) -> float:
    """What of an entry's time goes by in silence: a WebSocket's, or that of many ports one after the other."""
    expect = entry.expect
    ports_s = longest_s(entry.target.ports, every=entry.every_port)
    return max(expect.idle_s or 0.0, ports_s, sampling_s(expect.relay_samples))
