"""Asks a gateway of a world from its client, by a deployment file, as its operator would."""

from collections.abc import Iterable
from dataclasses import dataclass

from natprobe.model import Check, Report
from natprobe_reports.json import decode
from tests.lab.layout import ALL_PORTS, TURN_PORTS, Layout, Server
from tests.lab.world import World

OPEN = Layout(server=Server(open_udp=(ALL_PORTS,), open_tcp=(ALL_PORTS,)))
"""A cloud that keeps nothing out, in front of a server with a private address."""
SHUT = Layout(server=Server(open_udp=TURN_PORTS, open_tcp=(ALL_PORTS,)))
"""The same with a security group that forgot the gateway's media."""


@dataclass(frozen=True, slots=True)
class Told:
    """What natprobe said, and how it ended."""

    report: Report
    exit_code: int
    everything: str

    def check(self, check_id: str) -> Check:
        """The only check of this id."""
        (found,) = [each for each in self.report.checks if each.id == check_id]
        return found

    @property
    def findings(self) -> set[str]:
        """The ids of all findings."""
        return {finding.id for finding in self.report.findings}

    def statuses(self, *ids: str) -> list[str]:
        """How these checks ended."""
        return [self.check(each).status.value for each in ids]


def asked(world: World, uri: str, *lines: str, secret: str = "", arguments: Iterable[str] = ()) -> Told:
    """Checks `uri` with these lines about it in the file; `secret` is what the file's SECRET refers to."""
    file, recording = world.new_file("deployment.toml"), world.new_file("run.jsonl")
    file.write_text("\n".join(("[[target]]", f'uri = "{uri}"', *lines)) + "\n")
    told = ("check", "-d", str(file), "--json", "--record", str(recording), *arguments)
    done = world.natprobe(*told, env={"SECRET": secret} if secret else None)
    assert done.stdout, done.stderr
    everything = f"{done.stdout}{done.stderr}{recording.read_text()}"
    return Told(decode(done.stdout.encode()), done.exit_code, everything)
