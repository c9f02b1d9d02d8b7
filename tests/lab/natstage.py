"""Plays scenarios: several at once, since most of a run is waiting for what does not come."""

import queue
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self

from tests.lab.classify import Verdict, classify
from tests.lab.namespace import Namespace
from tests.lab.natscenario import Scenario, command
from tests.lab.natworld import COTURN, EmulatedHost, NatWorld
from tests.lab.process import Completed

_HOSTS = 4
_WAIT_S = 0.4
FAMILIES: tuple[Literal["ipv4", "ipv6"], ...] = ("ipv4", "ipv6")


class Played(NamedTuple):
    """One scenario, played."""

    done: Completed
    """What natprobe said."""
    truth: Mapping[str, Verdict]
    """What the hand-made client saw in the same world, where a server tells the truth; by family."""
    trace: tuple[str, ...]
    """What became of the packets on an emulated way out."""

    @property
    def report(self) -> Any:
        """natprobe's report. Raises msgspec.DecodeError where it printed none."""
        return self.done.report

    def evidence(self) -> str:
        """Everything that a person needs to see who is right."""
        lines = (f"exit code {self.done.exit_code} after {self.done.seconds:.2f} s", self.done.stderr, self.done.stdout)
        return "\n".join((*lines, *(f"{family}: {verdict}" for family, verdict in self.truth.items()), *self.trace))


class Stage:
    """A world and those who play in it. A context manager; what still runs at its end is ended."""

    def __init__(self, scenarios: Mapping[str, Scenario]) -> None:
        self._scenarios = scenarios
        self._hosts: queue.SimpleQueue[EmulatedHost] = queue.SimpleQueue()
        self._futures: dict[str, Future[Played]] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.world = stack.enter_context(NatWorld(_HOSTS))
            emulated, linux = ThreadPoolExecutor(_HOSTS), ThreadPoolExecutor(1)
            for pool in (emulated, linux):
                stack.callback(pool.shutdown, cancel_futures=True)
            for host in self.world.hosts:
                self._hosts.put(host)
            for name, scenario in self._scenarios.items():
                pool, play = (linux, self._on_linux) if scenario.form == "linux" else (emulated, self._emulated)
                self._futures[name] = pool.submit(play, scenario)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def played(self, name: str) -> Played:
        """How it went; waits for it."""
        return self._futures[name].result()

    def _on_linux(self, scenario: Scenario) -> Played:
        return _play(self.world.linux(scenario.linux), scenario)

    def _emulated(self, scenario: Scenario) -> Played:
        host = self._hosts.get()
        try:
            host.use(scenario.emulated, scenario.pool_size)
            return _play(host.box, scenario)._replace(trace=host.trace())
        finally:
            self._hosts.put(host)


def _play(box: Namespace, scenario: Scenario) -> Played:
    with box.start(*command(scenario)) as running:
        truth: dict[str, Verdict] = dict(zip(FAMILIES, _truth(box, scenario), strict=False))
        return Played(running.wait(), truth, ())


def _truth(box: Namespace, scenario: Scenario) -> tuple[Verdict, ...]:
    """Not where a liar is asked, since that NAT is seen elsewhere; nor where packets or bindings are short."""
    shapes = (scenario.emulated.up, scenario.emulated.down)
    is_lossy = scenario.linux.udp_loss_percent > 0 or any(shape.loss for shape in shapes)
    if COTURN not in scenario.servers or is_lossy or any(each.bindings_per_s for each in scenario.emulated.ipv4):
        return ()
    return classify(box, wait_s=_WAIT_S + sum(each.delay_ms + each.jitter_ms for each in shapes) / 1000.0)
