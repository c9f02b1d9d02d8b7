"""Is every mistake in a configuration told, with its line and its reason, and never with a secret?"""

from pathlib import PurePath

import pytest

from natprobe.exporter.config import Config, Reference
from natprobe.exporter.reading import ConfigError, read_config
from natprobe.target import parse
from natprobe.tomlfile import LONGEST

SCHEMES = frozenset({"stun", "stuns", "turn", "turns"})
FULL = """\
# What may be probed.
[limits]
probes_at_once = 3
probes_per_minute = 30

[modules.turn]
targets = [
  "turn:turn.example.org?transport=udp",
  "turns:TURN.example.org:443",
]
timeout_s = 8
user = "probe"
password_file = "turn.password"
families = ["ipv4"]
insecure = true
ca_file = "ca.pem"
resolvers = ["192.0.2.53", "[2001:db8::53]:5353"]
relay_ports = "49152-49200"
strict = true

[[modules.turn.allow]]
schemes = ["turn", "turns"]
hosts = ["*.turn.example.org", "relay.example.org", "198.51.100.0/24", "2001:db8::10"]
ports = [3478, 5349]

[modules.stun]
targets = ["stun:stun.example.org"]
"""


def read(text: str) -> Config:
    return read_config(text, schemes=SCHEMES, folder=PurePath("conf"))


def mistakes(text: str) -> str:
    with pytest.raises(ConfigError) as raised:
        read(text)
    told = str(raised.value)
    assert "\n" not in told
    return told


def test_every_key_is_read() -> None:
    config = read(FULL)
    turn, stun = config.modules
    assert (config.limits.probes_at_once, config.limits.probes_per_minute) == (3, 30)
    assert turn.targets == (parse("turn:turn.example.org?transport=udp"), parse("turns:turn.example.org:443"))
    assert (turn.timeout_s, turn.families, turn.insecure, turn.strict) == (8.0, (4,), True, True)
    assert (turn.user, turn.reference) == ("probe", Reference("password", "file", "conf/turn.password"))
    assert (turn.ca_file, turn.relay_ports) == ("conf/ca.pem", (49152, 49200))
    assert [str(each) for each in turn.resolvers] == ["192.0.2.53:53", "[2001:db8::53]:5353"]
    assert turn.allow[0].suffixes == (".turn.example.org",)
    assert (stun.name, stun.reference, stun.timeout_s) == ("stun", None, 20.0)


@pytest.mark.parametrize(
    ("uri", "allowed"),
    [
        ("turn:turn.example.org?transport=udp", True),
        ("turn:turn.example.org?transport=tcp", False),
        ("turn:turn.example.org", False),
        ("turns:turn.example.org:443", True),
        ("turn:eu.turn.example.org", True),
        ("turn:a.eu.turn.example.org?transport=tcp", True),
        ("turn:eu.turn.example.org:22", False),
        ("turns:eu.turn.example.org:5349", True),
        ("stun:eu.turn.example.org", False),
        ("turn:evilturn.example.org", False),
        ("turn:turn.example.org.evil.example", False),
        ("turn:relay.example.org:3478", True),
        ("turn:198.51.100.200", True),
        ("turn:198.51.101.1", False),
        ("turn:[2001:db8::10]", True),
        ("turn:[2001:db8::11]", False),
    ],
)
def test_only_named_targets_and_patterns_are_permitted(uri: str, allowed: bool) -> None:  # noqa: FBT001
    assert read(FULL).modules[0].permits(parse(uri)) is allowed


@pytest.mark.parametrize(("port", "allowed"), [("", True), (":3478", True), (":22", False)])
def test_a_pattern_without_ports_permits_the_schemes_own_alone(port: str, allowed: bool) -> None:  # noqa: FBT001
    config = read('[modules.m]\n[[modules.m.allow]]\nschemes=["turn"]\nhosts=["*.example.org"]\n')
    assert config.modules[0].permits(parse(f"turn:turn.example.org{port}")) is allowed


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "probes_at_once = 3",
            "probes_at_once = 0",
            "line 3: limits.probes_at_once: give a whole number from 1 to 256",
        ),
        (
            "probes_per_minute = 30",
            "probes_per_minuet = 3",
            "line 4: limits.probes_per_minuet: there is no such key; d",
        ),
        ("[limits]", "[limit]", "line 2: limit: there is no such key; did you mean limits?"),
        (
            "turns:TURN.example.org:443",
            "turns://x",
            "line 9: modules.turn.targets[1]: turns://x: a turns target has no",
        ),
        ("turns:TURN.example.org:443", "https://x", "line 9: modules.turn.targets[1]: https targets are not checked h"),
        ("timeout_s = 8", "timeout_s = 1.5", "line 11: modules.turn.timeout_s: give a number from 2 to 600"),
        ("timeout_s = 8", "timeout_s = true", "line 11: modules.turn.timeout_s: give a number from 2 to 600"),
        ("timeout_s = 8", "timeout_s = nan", "line 11: modules.turn.timeout_s: give a number from 2 to 600"),
        ('user = "probe"', "", "line 13: modules.turn.password_file: a password without a user name; give user"),
        ('password_file = "turn.password"', "", "line 12: modules.turn.user: a user without a password or secret"),
        ("insecure = true", 'secret_env = "S"', "line 15: modules.turn.secret_env: password_file and secret_env exclu"),
        ('families = ["ipv4"]', "families = []", 'line 14: modules.turn.families: give a list of families, "ipv4"'),
        ("insecure = true", "insecure = 1", "line 15: modules.turn.insecure: give true or false"),
        ('"192.0.2.53"', '"dns.example.org"', "line 17: modules.turn.resolvers[0]: give a nameserver's address"),
        ("49152-49200", "49200-49152", "line 18: modules.turn.relay_ports: give a range of ports"),
        ('schemes = ["turn", "turns"]', "", "line 21: modules.turn.allow[0]: no schemes; all targets of the world"),
        ('"turn", "turns"]', '"turm"]', "line 22: modules.turn.allow[0].schemes[0]: give one of stun, stuns, turn"),
        ("198.51.100.0/24", "198.51.100.1/24", "line 23: modules.turn.allow[0].hosts[2]: give a name, *.example.org"),
        ("*.turn.example.org", "*", "line 23: modules.turn.allow[0].hosts[0]: give a name, *.example.org"),
        ("ports = [3478, 5349]", "ports = [0]", "line 24: modules.turn.allow[0].ports[0]: give a whole number"),
        ('targets = ["stun:stun.example.org"]', "", "line 26: modules.stun: nothing may be probed with it"),
        ("[modules.stun]", '[modules."a b"]', "line 26: modules.a b: a module's name holds letters, digits"),
        ("[modules.stun]", "[modules.stun", "line 26: no TOML: Expected ']'"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_its_reason(old: str, new: str, said: str) -> None:
    assert old in FULL
    assert said in mistakes(FULL.replace(old, new, 1))


def test_all_mistakes_are_told_at_once_in_the_files_order() -> None:
    told = mistakes("[modules.a]\ntimeout_s = 0\nusr = 'x'\n[modules.b]\ninsecure = 3\n")
    assert [int(part.split(":")[0].removeprefix("line ")) for part in told.split("; line ")] == [1, 2, 3, 4, 5]


def test_many_mistakes_are_counted() -> None:
    assert mistakes("[modules.a]\n" + "".join(f"k{n} = 1\n" for n in range(50))).endswith("; and 43 more")


@pytest.mark.parametrize("key", ["password", "secret"])
def test_a_secret_in_the_file_is_refused_and_not_repeated(key: str) -> None:
    told = mistakes(f'[modules.a]\ntargets = ["turn:turn.example.org"]\nuser = "u"\n{key} = "hunter2"\n')
    assert "a secret does not stand in this file" in told
    assert "hunter2" not in told


@pytest.mark.parametrize("text", ["", "modules = 3", "[modules]", "[[modules]]", "[limits]\n[modules.a.allow]\nx = 1"])
def test_what_holds_no_module_is_refused(text: str) -> None:
    assert "modules" in mistakes(text)


@pytest.mark.parametrize("text", ["#" * (LONGEST + 1), "a = " + "[" * 5000, "a = " + "9" * 9000])
def test_what_is_no_configuration_at_all_is_told_in_one_line(text: str) -> None:
    assert len(mistakes(text)) < 200
