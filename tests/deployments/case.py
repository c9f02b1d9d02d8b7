"""A whole deployment in a world of its own, checked from its file in examples/, as data: all that may be said of it."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from natprobe_reports.json import decode
from tests.deployments.stage import Stage
from tests.lab.certificates import Authority
from tests.lab.layout import SERVER_IPV4, Layout
from tests.lab.nameserver import ORIGIN, Nameserver
from tests.lab.world import World
from tests.ladder.case import Outcome

EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One deployment as it is in one state."""

    name: str
    file: str
    """Which file of examples/ describes it."""
    layout: Layout
    build: Callable[[Stage], None]
    names: tuple[str, ...]
    """The host names that lead to the server."""
    fitted: tuple[tuple[str, str], ...] = ()
    """What this state has otherwise than the example: text, and what stands in its place. Each must occur."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """The variables in which the file's secrets are."""
    files: Mapping[str, str] = field(default_factory=dict)
    """What lies beside the file, by name."""
    told: frozenset[tuple[str, str]] = frozenset()
    """Every finding, with its target."""

    @property
    def provokes(self) -> frozenset[str]:
        """The ids of what this case brings about."""
        return frozenset(finding for finding, _ in self.told)

    def play(self) -> Outcome:
        """Builds the deployment, checks it once, and takes it all away."""
        with ExitStack() as stack:
            world = stack.enter_context(World(self.layout))
            authority = Authority(Path(stack.enter_context(tempfile.TemporaryDirectory())))
            Nameserver(world, "".join(f"{name.removesuffix(f'.{ORIGIN}')} A {SERVER_IPV4}\n" for name in self.names))
            self.build(Stage(world, authority))
            text, file = world.new_file("text"), world.new_file("deployment.toml")
            file.write_text(self._deployment())
            for name, content in self.files.items():
                (file.parent / name).write_text(content)
            told = ("--ca-file", str(authority.root), "--json", "--report", f"text={text}")
            done = world.natprobe("check", "-d", str(file), *told, env=self.secrets)
            assert done.stdout, done.stderr
            return Outcome(
                exit_code=done.exit_code,
                report=decode(done.stdout.encode()),
                stdout=done.stdout,
                stderr=done.stderr,
                text=text.read_text(),
            )

    def _deployment(self) -> str:
        text = (EXAMPLES / self.file).read_text()
        for old, new in self.fitted:
            assert old in text, f"{self.file} holds no {old!r}"
            text = text.replace(old, new)
        return text


def at(target: str, *findings: str) -> Iterator[tuple[str, str]]:
    """Rows of `Case.told`: findings about one target."""
    yield from ((finding, target) for finding in findings)


def told(outcome: Outcome) -> frozenset[tuple[str, str]]:
    """Every finding of a run, with its target."""
    return frozenset((finding.id, finding.target or "") for finding in outcome.report.findings)
