"""Who is let in? A table of queries, and of scrape timeouts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natprobe.exporter.admission import MARGIN_S, Admission, Refusal, admit
from natprobe.exporter.config import Config, Module
from natprobe.exporter.reading import SHORTEST_DEADLINE_S
from natprobe.target import parse

URI = "turn:turn.example.org?transport=udp"
CONFIG = Config(modules=(Module(name="turn", targets=(parse(URI),), timeout_s=8.0), Module(name="other")))
GOOD = "module=turn&target=turn:turn.example.org%3Ftransport%3Dudp"


def refused(query: str, granted: str | None = None) -> Refusal:
    answer = admit(query, granted, CONFIG)
    assert isinstance(answer, Refusal)
    return answer


@pytest.mark.parametrize(
    ("query", "debug"),
    [
        (GOOD, False),
        ("target=turn:turn.example.org?transport=udp&module=turn", False),
        ("target=turn%3ATURN.example.org%3Ftransport%3DUDP&module=turn&debug=true", True),
        (f"{GOOD}&debug=false", False),
    ],
)
def test_what_the_configuration_names_is_let_in(query: str, debug: bool) -> None:  # noqa: FBT001
    answer = admit(query, None, CONFIG)
    assert answer == Admission(module=CONFIG.modules[0], target=parse(URI), deadline_s=8.0, debug=debug)


@pytest.mark.parametrize(
    ("query", "status", "reason", "said"),
    [
        ("", 400, "module", "no module is named; add module=NAME, one of turn, other"),
        ("module=&target=x", 400, "module", "no module is named"),
        ("module=nope", 400, "module", "there is no module 'nope'; there are turn, other"),
        ("module=turn", 400, "target", "no target is named"),
        ("module=turn&target=", 400, "target", "no target is named"),
        ("module=turn&target=nonsense", 400, "target", "nonsense has no scheme"),
        ("module=turn&target=turn:a%0d%0ab", 400, "target", "the target holds white space (U+000D) at character 7"),
        ("module=turn&target=turn:192.0.2.1", 403, "not-allowed", "does not allow turn:192.0.2.1 with module turn"),
        (GOOD.replace("module=turn", "module=other"), 403, "not-allowed", "with module other"),
        (f"{GOOD}&modul=x", 400, "query", "there is no parameter 'modul'; known are module, target, debug"),
        (f"{GOOD}&module=other", 400, "query", "each parameter is given once"),
        (f"{GOOD}&debug=1", 400, "query", "debug is true or false"),
        ("module=%ff", 400, "query", "the query is no list of name=value in UTF-8"),
        ("&".join("a=b" for _ in range(17)), 400, "query", "the query is no list"),
        ("module=turn&target=turn:u:hunter2@turn.example.org", 400, "target", "a user name or password stands before"),
    ],
)
def test_everything_else_is_refused_with_a_sentence(query: str, status: int, reason: str, said: str) -> None:
    answer = refused(query)
    assert (answer.status, answer.reason) == (status, reason)
    assert said in answer.sentence
    assert "hunter2" not in answer.sentence


@pytest.mark.parametrize(
    ("granted", "deadline_s"), [(None, 8.0), ("10", 8.0), ("8.5", 8.0), ("5", 4.5), ("2.5", 2.0), (" 5 ", 4.5)]
)
def test_prometheus_grants_the_deadline_and_the_module_bounds_it(granted: str | None, deadline_s: float) -> None:
    answer = admit(GOOD, granted, CONFIG)
    assert isinstance(answer, Admission)
    assert answer.deadline_s == deadline_s


@pytest.mark.parametrize("granted", ["", "x", "nan", "inf", "-1", "0", "1e999", "0x10"])
def test_a_timeout_that_is_no_number_is_refused(granted: str) -> None:
    assert refused(GOOD, granted).sentence == "the scrape timeout in the header is no number of seconds"


@pytest.mark.parametrize("granted", ["2.4", "0.001"])
def test_a_timeout_without_time_to_probe_is_refused_with_the_least(granted: str) -> None:
    answer = refused(GOOD, granted)
    assert (answer.status, answer.reason) == (400, "timeout")
    assert "give 2.5 s at least" in answer.sentence


@given(st.text(max_size=300), st.none() | st.text(max_size=20) | st.floats().map(str))
def test_no_query_and_no_header_raises_or_gets_more_than_it_may(query: str, granted: str | None) -> None:
    for text in (query, f"{GOOD}&{query}"):
        answer = admit(text, granted, CONFIG)
        if isinstance(answer, Refusal):
            assert answer.status in {400, 403}
            assert answer.sentence.isprintable()
        else:
            assert answer.module.permits(answer.target)
            assert SHORTEST_DEADLINE_S <= answer.deadline_s <= answer.module.timeout_s
            assert granted is None or answer.deadline_s <= float(granted) - MARGIN_S
