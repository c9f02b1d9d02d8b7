"""Fixtures for every room: worlds of network namespaces, where this machine lets us make them."""

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, settings

from tests.lab import ability, namespace
from tests.lab.certificates import Authority
from tests.lab.layout import Layout
from tests.lab.world import World

_NOT_RUN = pytest.StashKey[dict[str, set[str]]]()
BuildWorld = Callable[..., World]

# A busy machine is no fault of what is tested.
settings.register_profile("natprobe", deadline=None, suppress_health_check=(HealthCheck.too_slow,))
settings.load_profile("natprobe")


def pytest_configure(config: pytest.Config) -> None:
    """Names the markers."""
    config.addinivalue_line("markers", "lab: needs network namespaces and the programs of the lab")
    config.addinivalue_line("markers", "tun: needs /dev/net/tun as well (links with delay or loss)")
    config.addinivalue_line("markers", "deployments: needs the servers of whole deployments, npm's included")
    config.addinivalue_line("markers", "chromium: needs a Chromium that runs headless")
    config.addinivalue_line("markers", "tmux: needs tmux, in whose window the dashboard runs")
    config.addinivalue_line("markers", "tshark: needs Wireshark's tshark")
    config.addinivalue_line("markers", "prometheus: needs Prometheus and its promtool")
    config.addinivalue_line("markers", "systemd: needs systemd-analyze")
    config.addinivalue_line("markers", "jenkins: needs the schema of JUnit files that Jenkins publishes")
    config.stash[_NOT_RUN] = {}
    # A job that is cancelled is told so with SIGTERM: fixtures are to end as they do after Ctrl-C. What a shell runs in
    # the background ignores SIGINT, and whoever is started here would inherit that.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Takes away what a killed run has left."""
    if not _is_worker(session.config) and ability.missing("lab") is None:
        namespace.sweep()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects what this machine cannot run, and remembers its name: it is told, never shown as passed."""
    lacking = {item: why for item in items if (why := _lack(item)) is not None}
    for item, why in lacking.items():
        config.stash[_NOT_RUN].setdefault(why, set()).add(item.nodeid)
    if lacking:
        config.hook.pytest_deselected(items=list(lacking))
        items[:] = [item for item in items if item not in lacking]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist tells the process that prints."""
    if _is_worker(session.config):
        told = {why: sorted(names) for why, names in session.config.stash[_NOT_RUN].items()}
        session.config.workeroutput["not_run"] = told  # type: ignore[attr-defined]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hears what a worker could not run."""
    for why, names in getattr(node, "workeroutput", {}).get("not_run", {}).items():
        node.config.stash[_NOT_RUN].setdefault(why, set()).update(names)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Says which tests did not run, and why."""
    for why, names in config.stash[_NOT_RUN].items():
        terminalreporter.section(f"did not run: {why}")
        for name in sorted(names):
            terminalreporter.line(name)


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _lack(item: pytest.Item) -> str | None:
    needs = [need for need in get_args(ability.Need) if item.get_closest_marker(need)]
    return next((why for need in needs if (why := ability.missing(need)) is not None), None)


@pytest.fixture
def build_world() -> Iterator[BuildWorld]:
    """Builds worlds (`build_world(Layout(…))`) that end with the test."""
    with ExitStack() as stack:
        yield lambda layout=None: stack.enter_context(World(layout or Layout()))


@pytest.fixture
def world(build_world: BuildWorld) -> World:
    """The default world, in which everything works."""
    return build_world()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Issues certificates; its `root` file is what a client has to trust."""
    return Authority(tmp_path_factory.mktemp("certificates"))
