"""Real Chromiums open natprobe's page, behind NATs of their own: one is called by natprobe, two call each other.

No inbound TCP gets through a NAT; a tunnel such as `ssh -L` makes leads from a browser to natprobe's loopback.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.connecting.ends import STUN, TURN, End, behind, ended, start
from tests.lab.browser import Browser
from tests.lab.coturn import PASSWORD, USER
from tests.lab.forward import forward
from tests.lab.natworld import NatWorld
from tests.lab.process import Running, wait_until

pytestmark = [pytest.mark.lab, pytest.mark.tun, pytest.mark.chromium, pytest.mark.timeout(180)]

PORT = 8080
LISTEN = ("--listen", f"127.0.0.1:{PORT}", "-4")
WITH_TURN = (TURN, "-u", USER)
STATE = "document.getElementById('state').textContent"


@pytest.fixture(scope="module")
def world() -> Iterator[NatWorld]:
    """One world for all, with a tunnel from the second host to the first."""
    with NatWorld(2) as built:
        forward(built, built.hosts[1].box, built.hosts[0].box, PORT)
        yield built


def url_of(running: Running) -> str:
    """Where the page is."""
    running.wait_for(f"http://127.0.0.1:{PORT}/")
    (url,) = (line for line in running.stderr().splitlines() if line.startswith("http://"))
    return url


def called(world: NatWorld, words: tuple[str, str], *arguments: str) -> tuple[End, str]:
    """A call of natprobe's with a browser; what the page says in the end."""
    a, b = behind(world, *words)
    with start(a, "--browser", *LISTEN, *arguments, secret=USER in arguments) as running, Browser(world, b) as browser:
        browser.visit(url_of(running))
        end = ended(running)
        assert wait_until(lambda: "may be closed" in browser.evaluate("document.body.innerText"), 10.0)
        return end, str(browser.evaluate(STATE))


def between(world: NatWorld, words: tuple[str, str], *arguments: str) -> tuple[End, str]:
    """A call between two browsers, the first on natprobe's host."""
    a, b = behind(world, *words)
    with ExitStack() as stack:
        running = stack.enter_context(start(a, "--browsers", *LISTEN, *arguments, secret=USER in arguments))
        url = url_of(running)
        first, second = (stack.enter_context(Browser(world, box)) for box in (a, b))
        first.visit(url)
        second.visit(url)
        end = ended(running)
        return end, str(second.evaluate(STATE))


def test_natprobe_and_a_chromium_behind_other_nats_connect_and_both_sides_are_told(world: NatWorld) -> None:
    end, said = called(world, ("EIM/APDF", "EIM/APDF"), STUN)
    assert (end.code, end.findings) == (0, set())
    assert said == "Connected directly"
    (browser,) = end.check["evidence"]["browsers"]
    assert browser["ice"] in {"connected", "completed"}
    assert "Chrome" in browser["browser"]
    assert browser["selected"]["remote"]["host"] == "198.51.100.3"
    assert browser["selected"]["answered"] > 0
    assert end.call["selected"]["remote"]["host"] == "198.51.100.19"
    assert end.call["quality"]["by"] == "checks"
    assert end.call["quality"]["outward"]["arrived"] > 0
    assert "DTLS was not attempted" in end.check["summary"]
    assert not browser.get("channel")


def test_where_a_relay_is_needed_both_say_so(world: NatWorld) -> None:
    end, said = called(world, ("EIM/APDF", "APDM/APDF"), STUN, *WITH_TURN)
    assert (end.code, said) == (0, "Connected through a relay")
    assert end.findings == {"ice-needs-relay", "ice-mdns-candidates"}, "its host candidate hides behind a name"
    (browser,) = end.check["evidence"]["browsers"]
    assert "relay" in {browser["selected"]["local"]["type"], browser["selected"]["remote"]["type"]}


def test_with_the_policy_relay_both_ends_are_relays(world: NatWorld) -> None:
    end, said = called(world, ("EIM/APDF", "EIM/APDF"), *WITH_TURN, "--policy", "relay")
    assert (end.code, said) == (0, "Connected through a relay")
    (browser,) = end.check["evidence"]["browsers"]
    assert {browser["selected"][side]["type"] for side in ("local", "remote")} == {"relay"}
    assert end.selected == ("relay", "relay")


def test_where_nothing_connects_the_browser_agrees(world: NatWorld) -> None:
    end, said = called(world, ("APDM/APDF", "APDM/APDF"), STUN)
    assert (end.code, said) == (1, "Not connected")
    assert {"ice-check-timeout", "ice-needs-relay"} <= end.findings
    (browser,) = end.check["evidence"]["browsers"]
    assert browser["ice"] in {"checking", "failed", "disconnected"}


def test_two_chromiums_open_a_data_channel_and_bring_back_what_both_measured(world: NatWorld) -> None:
    end, said = between(world, ("EIM/APDF", "EIM/APDF"), STUN)
    assert (end.code, end.findings, said) == (0, set(), "Connected directly")
    one, other = end.check["evidence"]["browsers"]
    for browser in (one, other):
        assert browser["channel"] is True
        assert browser["connection"] == "connected"
        assert browser["quality"]["by"] == "data-channel"
        assert browser["quality"]["rtt_ms"] > 0
    assert one["quality"]["outward"]["sent"] == other["quality"]["inward"]["sent"] == 50
    assert end.check["summary"].startswith("the browsers are connected directly in ")
    assert "data channel open" in end.check["summary"]
    assert end.report.get("candidates", []) == []


def test_two_chromiums_that_need_a_relay_get_the_credential_and_no_output_shows_it(
    world: NatWorld, tmp_path: Path
) -> None:
    recording = tmp_path / "run.jsonl"
    end, said = between(world, ("APDM/APDF", "EIM/APDF"), STUN, *WITH_TURN, "--record", str(recording))
    assert (end.code, said) == (0, "Connected through a relay")
    assert end.findings <= {"ice-needs-relay"}
    assert PASSWORD.encode() not in recording.read_bytes()


def test_two_chromiums_without_a_path_are_told_what_they_need(world: NatWorld) -> None:
    end, said = between(world, ("APDM/APDF", "APDM/APDF"), STUN)
    assert (end.code, said) == (1, "Not connected")
    assert {"ice-check-timeout", "ice-needs-relay"} <= end.findings
    assert end.check["summary"].startswith("the browsers are not connected: ")


def test_a_second_browser_is_turned_away_and_harms_nobody(world: NatWorld) -> None:
    a, b = behind(world, "EIM/APDF", "EIM/APDF")
    with ExitStack() as stack:
        running = stack.enter_context(start(a, "--browsers", *LISTEN, STUN))
        url = url_of(running)
        browsers = [stack.enter_context(Browser(world, box)) for box in (a, b, b)]
        browsers[0].visit(url)
        assert wait_until(lambda: "other browser" in browsers[0].evaluate("document.body.innerText"), 20.0)
        browsers[1].visit(url)
        assert wait_until(lambda: browsers[1].evaluate("document.getElementById('seat').textContent") == "end B", 20.0)
        browsers[2].visit(url)
        assert wait_until(lambda: "all of its ends" in browsers[2].evaluate("document.body.innerText"), 20.0)
        assert ended(running).code == 0


def test_interrupted_it_says_what_it_waited_for(world: NatWorld) -> None:
    a, _ = behind(world, "EIM/APDF", "EIM/APDF")
    with start(a, "--browsers", *LISTEN) as running:
        url_of(running)
        running.wait_for("open this address")
        running.interrupt()
        end = ended(running)
    assert end.code == 130
    assert end.check["summary"] == "not decided: 0 of 2 browsers had opened the page when the run was interrupted"
