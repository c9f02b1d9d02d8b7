"""Is what `natprobe init` writes read without a mistake, and are its comments true?"""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natprobe.credential import Place, Secret
from natprobe.deployment import Deployment, Known, keys, read
from natprobe.deployment.draft import LoginKind, Wish, draft, variables
from natprobe.target import parse

URIS = (
    "https://www.example.org/",
    "wss://www.example.org/socket.io/",
    "apprtc+https://www.example.org/",
    "collider+wss://www.example.org:8089/ws",
    "iceconfig+https://www.example.org/ice?a=b",
    "turn:turn.example.org",
    "turns:[2001:db8::10]:443?transport=tcp",
    "stun:stun.example.org",
    "janus+wss://www.example.org/janus",
    "srs+https://www.example.org/",
    "tls:www.example.org:8443",
    "tcp:www.example.org:80,443",
    "udp:www.example.org:60000-60100",
)
OPTION = re.compile(r"# (?P<key>[a-z_]+) = .*")


class Everybody:
    """Has set every variable that is named."""

    def __init__(self) -> None:
        self.named: list[str] = []

    def secret(self, place: Place) -> Secret:
        self.named.append(place.name)
        return Secret("x")

    text = secret


def taken(text: str, everybody: Everybody | None = None) -> Deployment:
    return read(text, Known(keys.DIALLED, ("http.cors",), 2.0), everybody or Everybody())


def whole(login: LoginKind = "password") -> Wish:
    targets = tuple(map(parse, URIS))
    return Wish(targets=targets, page=targets[0], login=login, closed=(parse("tcp:www.example.org:6379"),))


@pytest.mark.parametrize("login", ["password", "secret", "none"])
@given(chosen=st.sets(st.sampled_from(URIS), min_size=1))
def test_what_is_written_is_read_without_a_mistake_and_holds_the_targets(login: LoginKind, chosen: set[str]) -> None:
    wish = Wish(targets=tuple(map(parse, sorted(chosen))), login=login)
    everybody = Everybody()
    found = taken(draft(wish, "deployment.toml"), everybody)
    assert {*found.targets} == {*wish.targets}
    assert tuple(everybody.named) == variables(wish)
    logins = [entry.login for entry in found.entries if entry.target.scheme in keys.TURN]
    assert all((each is not None) is (login != "none") for each in logins)


def test_ports_that_must_be_shut_are_expected_to_be() -> None:
    found = taken(draft(whole(), "d.toml"))
    assert [str(entry.target) for entry in found.entries if entry.expect.closed] == ["tcp:www.example.org:6379"]


def options(text: str) -> list[int]:
    """The lines that hold an option that is not in use."""
    return [index for index, line in enumerate(text.splitlines()) if OPTION.fullmatch(line)]


@pytest.mark.parametrize("login", ["password", "secret"])
def test_each_option_can_be_taken_in_by_itself_and_changes_something(login: LoginKind) -> None:
    text = draft(whole(login), "d.toml")
    lines = text.splitlines()
    of_lists = lines.index("# [[ice_servers]]")
    before = taken(text)
    for index in (each for each in options(text) if each < of_lists):
        key = OPTION.fullmatch(lines[index])["key"]  # type: ignore[index]
        changed = [*lines[:index], lines[index].removeprefix("# "), *lines[index + 1 :]]
        if key in {"password", "secret"}:
            changed = [line for line in changed if not line.startswith(f"{login} = ")]
        assert taken("\n".join(changed)) != before or key == "min_cert_days", key


def test_a_group_lists_exactly_the_options_that_one_of_its_targets_heeds() -> None:
    for uri in URIS:
        text = draft(Wish(targets=(parse(uri),)), "d.toml")
        named = {match["key"] for line in text.splitlines() if (match := OPTION.fullmatch(line))}
        group = text[text.index("[group.") : text.index("# [[ice_servers]]")]
        heeded = {
            key for key, each in keys.of_targets((), Everybody(), 2.0).items() if parse(uri).scheme in each.schemes
        }
        everywhere = {"page", "min_cert_days", "timeout_s", "skip"}
        assert {key for key in heeded - everywhere if f"{key} = " not in group} == set()
        assert named >= everywhere - {"page"}


def test_the_list_of_ice_servers_can_be_taken_in_as_a_whole() -> None:
    text = draft(whole(), "d.toml")
    head, mark, tail = text.partition("# [[ice_servers]]")
    taken_in = re.sub(r"^# ", "", mark + tail, flags=re.MULTILINE)
    assert [str(target) for target in taken(head + taken_in).targets][-1] == "iceservers:page"


def test_it_says_how_it_is_run() -> None:
    assert "#   natprobe check -d meeting.toml\n" in draft(whole(), "meeting.toml")
