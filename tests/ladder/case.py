"""One run of natprobe in a world of its own, as data: what is broken there, and everything that may be said of it."""

import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from natprobe.model import Check, Report
from natprobe_reports.json import decode
from tests.lab.certificates import Authority, Kind
from tests.lab.coturn import LONG_TERM, PASSWORD, USER, Coturn, cloud_addresses
from tests.lab.layout import SERVER_IPV4, Layout
from tests.lab.world import World

Login = Callable[[], tuple[str, ...]]
Prepare = Callable[[World], Coturn | None]
OPTIONS = ("{cloud}", *LONG_TERM)
"""coturn's, for the healthy server; {cloud} stands for the addresses that fit the world."""

_ALL_WORKS = Layout()


def static_user() -> tuple[str, ...]:
    """The lab's user with the right password."""
    return ("-u", USER, "-p", PASSWORD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run said, and what it left behind."""

    exit_code: int
    report: Report
    stdout: str
    stderr: str
    text: str = ""
    """The report for people, its lines joined."""
    released: bool = True
    """Whether the server's allocations went back to those of others."""

    def statuses(self, check: str) -> set[str]:
        """How all checks of this id ended; "udp turn.reach" is those over UDP, "2001:db8::1 …", "443 …" those there."""
        place, _, name = check.rpartition(" ")
        return {
            str(each.status)
            for each in self.report.checks
            if each.id == name and place in {"", each.transport, *_places(each)}
        }

    def findings(self, severity: str) -> set[str]:
        """The ids of this severity."""
        return {finding.id for finding in self.report.findings if finding.severity == severity}


def _places(check: Check) -> tuple[str, ...]:
    return (check.address.host, str(check.address.port)) if check.address else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A world with one thing broken, and the whole of what natprobe is to say about it."""

    name: str
    layout: Layout = _ALL_WORKS
    coturn: tuple[str, ...] | None = OPTIONS
    certificate: Kind | None = None
    before: tuple[Callable[[World], object], ...] = ()
    """What is done to the world before coturn starts."""
    prepare: tuple[Prepare, ...] = ()
    """What else runs in the world: name servers, another coturn, another client's calls."""
    target: str = f"turn:{SERVER_IPV4}"
    """One or more, with spaces between."""
    arguments: tuple[str, ...] = ()
    """{root} stands for the file of the lab's root certificate, {world} for the world's directory."""
    login: Login = static_user
    exit_code: int = 1
    errors: frozenset[str] = frozenset()
    warnings: frozenset[str] = frozenset()
    infos: frozenset[str] = frozenset()
    statuses: Mapping[str, str] = field(default_factory=dict)
    culprit: str = ""
    """What the first lines of the text report hold."""
    others: int = 0
    """Allocations of other clients, which are to stay."""

    @property
    def provokes(self) -> frozenset[str]:
        """Every finding that this case brings about."""
        return self.errors | self.warnings | self.infos

    def play(self) -> Outcome:
        """Builds the world, asks once, and takes it all away."""
        with ExitStack() as stack:
            world = stack.enter_context(World(self.layout))
            authority = Authority(Path(stack.enter_context(tempfile.TemporaryDirectory())))
            for change in self.before:
                change(world)
            servers = [] if self.coturn is None else [Coturn(world, *self._options(world, authority))]
            servers += [server for prepare in self.prepare if (server := prepare(world)) is not None]
            assert all(server.settles_at(self.others) for server in servers), "others do not hold what they are to hold"
            arguments = tuple(each.format(root=authority.root, world=world.directory) for each in self.arguments)
            text = world.new_file("text")
            done = world.natprobe(
                "check", *self.target.split(), *self.login(), *arguments, "--json", "--report", f"text={text}"
            )
            return Outcome(
                exit_code=done.exit_code,
                report=decode(done.stdout.encode()),
                stdout=done.stdout,
                stderr=done.stderr,
                text=" ".join(text.read_text().split()),
                released=all(server.settles_at(self.others) for server in servers),
            )

    def _options(self, world: World, authority: Authority) -> tuple[str, ...]:
        certificate = authority.issue(self.certificate).options if self.certificate else ()
        fitting = {"{cloud}": cloud_addresses(world)}
        options = [each for option in self.coturn or () for each in fitting.get(option, (option,))]
        return (*options, *certificate)
