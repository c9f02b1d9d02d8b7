"""One run of natprobe against a deployment's ports and sites, as data: what is broken, and all that may be said of it.

The table of the TURN ladder (tests/ladder/case.py) for everything that is no TURN server. Rows are put together in
tests/web/test_sites.py, from one file a subject.
"""

import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from natprobe_reports.json import decode
from tests.lab.certificates import Authority
from tests.lab.layout import SERVER_IPV4, Layout, Server
from tests.lab.world import World
from tests.ladder.case import Outcome

Prepare = Callable[[World, Authority], object]
"""Starts what a case needs in its world: a server, a rule of a firewall."""

PUBLIC = Layout(server=Server(nat="none"))
"""The server has its public address itself; 80, 443, 3478, 5349 and the relays' ports are open in its firewall."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A world with one thing broken, and the whole of what natprobe is to say about it."""

    name: str
    layout: Layout = PUBLIC
    prepare: tuple[Prepare, ...] = ()
    command: str = "check"
    target: str = f"tcp:{SERVER_IPV4}:80"
    """One or more, with spaces between."""
    arguments: tuple[str, ...] = ("--ca-file", "{root}")
    """{root} stands for the file of the lab's root certificate, {world} for the world's directory."""
    exit_code: int = 1
    errors: frozenset[str] = frozenset()
    warnings: frozenset[str] = frozenset()
    infos: frozenset[str] = frozenset()
    statuses: Mapping[str, str] = field(default_factory=dict)
    says: tuple[str, ...] = ()
    """What the text report or a check's summary holds."""

    @property
    def provokes(self) -> frozenset[str]:
        """Every finding that this case brings about."""
        return self.errors | self.warnings | self.infos

    def play(self) -> Outcome:
        """Builds the world, asks once, and takes it all away."""
        with ExitStack() as stack:
            world = stack.enter_context(World(self.layout))
            authority = Authority(Path(stack.enter_context(tempfile.TemporaryDirectory())))
            for prepare in self.prepare:
                prepare(world, authority)
            arguments = tuple(each.format(root=authority.root, world=world.directory) for each in self.arguments)
            text = world.new_file("text")
            done = world.natprobe(self.command, *self.target.split(), *arguments, "--json", "--report", f"text={text}")
            assert done.stdout, done.stderr
            return Outcome(
                exit_code=done.exit_code,
                report=decode(done.stdout.encode()),
                stdout=done.stdout,
                stderr=done.stderr,
                text=" ".join(text.read_text().split()),
            )
