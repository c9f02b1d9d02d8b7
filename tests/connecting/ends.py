"""The two ends of a call in the lab: natprobe in two namespaces, and a person who carries lines between them."""

import os
from contextlib import ExitStack
from typing import Any, NamedTuple

import jsonschema

from natprobe.probes import evidence_types
from natprobe_reports.json import decode
from natprobe_reports.schema import json_schema
from tests.lab.coturn import PASSWORD
from tests.lab.layout import INTERNET_IPV4
from tests.lab.namespace import Namespace
from tests.lab.natworld import NatWorld
from tests.lab.process import Completed, Running
from tests.lab.world import natprobe_command
from tests.pairing.ways import way

STUN = f"stun:{INTERNET_IPV4[0]}"
TURN = f"turn:{INTERNET_IPV4[0]}:3578"
SECRET = {"NATPROBE_PASSWORD": PASSWORD}


class End(NamedTuple):
    """How it ended for one side."""

    code: int
    report: dict[str, Any]
    done: Completed

    @property
    def check(self) -> dict[str, Any]:
        """The check `ice.connect`."""
        return next(check for check in self.report["checks"] if check["id"] == "ice.connect")

    @property
    def call(self) -> dict[str, Any]:
        """What this side saw of the call."""
        evidence = self.check["evidence"]
        made: dict[str, Any] = evidence.get("all") or evidence["relay"]
        return made

    @property
    def selected(self) -> tuple[str, str]:
        """The types of the selected pair."""
        return self.call["selected"]["local_type"], self.call["selected"]["remote_type"]

    @property
    def findings(self) -> set[str]:
        """The ids of all findings."""
        return {finding["id"] for finding in self.report["findings"]}


def behind(world: NatWorld, *words: str) -> tuple[Namespace, Namespace]:
    """Two hosts behind NATs of these kinds."""
    for host, word in zip(world.hosts, words, strict=True):
        host.use(way(word))
    return world.hosts[0].box, world.hosts[1].box


def start(box: Namespace, *arguments: str, secret: bool = False) -> Running:
    """natprobe connect in a namespace; its report will be JSON on stdout, its line stands on stderr."""
    return box.start(*natprobe_command("connect", *arguments, "--json"), env=SECRET if secret else {})


def line_of(running: Running, kind: str) -> str:
    """The offer or the answer, once it is there."""
    running.wait_for(f"natprobe-{kind}-1.")
    running.wait_for("waiting up to")
    (line,) = (each for each in running.stderr().splitlines() if each.startswith(f"natprobe-{kind}-1."))
    return line


def ended(running: Running) -> End:
    """Its report, which fits the schema, and shows no password."""
    done = running.wait()
    jsonschema.validate(done.report, json_schema(evidence_types()))
    decode(done.stdout.encode())
    assert PASSWORD not in done.stdout + done.stderr
    return End(done.exit_code, done.report, done)


def carry(offering: Running, answering_with: Any) -> tuple[End, End]:
    """Carries both lines; `answering_with(offer)` starts the other side."""
    with ExitStack() as stack:
        stack.enter_context(offering)
        offer = line_of(offering, "offer")
        answering = stack.enter_context(answering_with(offer))
        answer = line_of(answering, "answer")
        offering.enter(f"{answer}\n")
        first = ended(offering)
        if first.code and "selected" not in first.call:
            answering.interrupt()  # nobody will begin any more
        second = ended(answering)
        for line in (offer, answer):
            password = secret_of(line)
            assert password not in first.done.stdout + second.done.stdout
        return first, second


def secret_of(line: str) -> str:
    """The ICE password of a line."""
    from natprobe.client.description import Kind, read_line

    kind: Kind = "offer" if line.startswith("natprobe-offer") else "answer"
    return read_line(line, kind).password.reveal()


def call(world: NatWorld, words: tuple[str, str], *arguments: str) -> tuple[End, End]:
    """A call between hosts behind these NATs, both with these arguments."""
    a, b = behind(world, *words)
    secret = "-u" in arguments
    return carry(start(a, *arguments, secret=secret), lambda offer: start(b, offer, *arguments, secret=secret))


def environment() -> dict[str, str]:
    """What a program in a namespace is started with."""
    return {**os.environ, **SECRET}
