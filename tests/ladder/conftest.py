"""Runs cases ahead: while one test's case waits for a silence, the next test's case waits for its own."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, cast

import pytest

from tests.ladder.case import Outcome

_AT_ONCE = 4


class Playable(Protocol):
    """A case of any table."""

    def play(self) -> Outcome:
        """Runs it to its end."""
        ...


class Ahead:
    """The outcomes of cases, each run once, those of the tests to come at the same time."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_AT_ONCE)
        self._started: dict[str, Future[Outcome]] = {}

    def start(self, test: str, case: Playable) -> "Future[Outcome]":
        """The outcome of this test's case, now or later."""
        if test not in self._started:
            self._started[test] = self._pool.submit(case.play)
        return self._started[test]

    def close(self) -> None:
        """Ends what nobody waits for any more."""
        self._pool.shutdown(cancel_futures=True)


_AHEAD = pytest.StashKey[Ahead]()


def pytest_runtest_protocol(item: pytest.Item) -> None:
    """Starts this test's case and those of the next ones (with pytest-xdist another worker may run them as well)."""
    at = item.session.items.index(item)
    for each in item.session.items[at : at + _AT_ONCE]:
        case = _case(each)
        if case is not None:
            item.session.stash.setdefault(_AHEAD, Ahead()).start(each.nodeid, case)


def _case(item: pytest.Item) -> Playable | None:
    """The case whose outcome this test asks for."""
    if not isinstance(item, pytest.Function) or not {"case", "outcome"}.issubset(item.fixturenames):
        return None
    return cast("Playable", item.callspec.params["case"]) if hasattr(item, "callspec") else None


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leaves no thread."""
    if _AHEAD in session.stash:
        session.stash[_AHEAD].close()


@pytest.fixture
def outcome(request: pytest.FixtureRequest, case: Playable) -> Outcome:
    """What came of the test's `case`."""
    return request.session.stash[_AHEAD].start(request.node.nodeid, case).result()
