"""Is every key read, and every mistake told with its line and its reason, and never with a secret?"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natprobe.credential import Credential, Secret
from natprobe.deployment import Deployment, Entry
from natprobe.probe import Settings
from natprobe.target import parse
from natprobe.tomlfile import LONGEST, Mistakes
from tests.deployment.texts import FULL, PLANTED, deployment


def entry(uri: str, text: str = FULL) -> Entry:
    return next(each for each in deployment(text).entries if each.target == parse(uri))


def mistakes(text: str) -> list[str]:
    with pytest.raises(Mistakes) as raised:
        deployment(text)
    told = [str(mistake) for mistake in raised.value.found]
    assert not any("\n" in each for each in told)
    return told


def test_the_targets_stand_in_the_files_order_with_the_lists_of_servers_last() -> None:
    assert [str(target) for target in deployment(FULL).targets] == [
        "stun:stun.example.org",
        "https://www.example.org/",
        "turn:turn.example.org?transport=udp",
        "turns:turn.example.org",
        "turn:turn2.example.org",
        "wss://www.example.org/socket.io/",
        "iceconfig+https://www.example.org/ice",
        "janus+https://www.example.org/janus",
        "tcp:www.example.org:6379",
        "iceservers:app",
        "iceservers:settings",
    ]


def test_what_holds_for_the_run_is_read() -> None:
    run = deployment(FULL).run
    assert (run.deadline_s, run.ca_file, run.families) == (40.0, "ca.pem", (4,))
    assert [str(each) for each in run.resolvers] == ["192.0.2.53:53"]


def test_a_target_takes_from_its_group_and_the_defaults_what_it_does_not_say_itself() -> None:
    first, second = entry("turn:turn.example.org?transport=udp"), entry("turn:turn2.example.org")
    assert (first.expect.max_rtt_ms, second.expect.max_rtt_ms) == (250.0, 80.0)
    assert (first.expect.min_rate_kbps, second.expect.min_rate_kbps) == (500.0, 500.0)
    assert (first.relay_ports, second.relay_ports) == (None, (49160, 49200))
    assert (first.group, first.timeout_s) == ("relay", 12.0)
    assert entry("wss://www.example.org/socket.io/").skip == ("http.cors", "dns.resolve")
    assert entry("iceconfig+https://www.example.org/ice").expect.page == "https://calls.example.org/"
    assert entry("janus+https://www.example.org/janus").expect.page == "https://www.example.org/app"


def test_a_target_is_not_told_what_it_does_not_heed() -> None:
    assert entry("stun:stun.example.org").expect.page is None
    assert entry("turn:turn.example.org?transport=udp").insecure is False
    assert entry("turns:turn.example.org").insecure is True
    assert entry("tcp:www.example.org:6379").expect.max_rtt_ms is None
    assert entry("tcp:www.example.org:6379").expect.closed
    assert entry("tcp:www.example.org:6379").settings(Settings()).every_port


def test_a_credential_is_one_thing_and_no_half_of_it_comes_from_elsewhere() -> None:
    first, second = entry("turn:turn.example.org?transport=udp").login, entry("turn:turn2.example.org").login
    assert first is not None
    assert second is not None
    assert (first.minted, first.origin) == (False, "variable TURN_PASSWORD")
    assert first.credential(0.0) == Credential("probe", Secret(PLANTED))
    assert (second.minted, second.user, second.origin) == (True, None, "file turn.secret")
    assert second.credential(1000.0).username == "87400"


def test_secrets_of_gateways_and_endpoints_are_looked_up() -> None:
    assert entry("janus+https://www.example.org/janus").api_secret == Secret(f"{PLANTED}-janus")
    assert entry("iceconfig+https://www.example.org/ice").query_secrets == (("key", Secret(f"{PLANTED}-key")),)
    assert entry("wss://www.example.org/socket.io/").expect.idle_s == 70


def test_servers_are_handed_on_as_the_page_has_them_good_or_bad() -> None:
    app, settings = entry("iceservers:app").written, entry("iceservers:settings").written
    assert app is not None
    assert settings is not None
    assert (app.public, settings.public) == (True, False)
    assert json.loads(app.text.reveal()) == [
        {"url": "stun:stun.example.org"},
        {"urls": ["turn:turn.example.org"], "username": "u", "credential": PLANTED},
    ]
    assert settings.text.reveal().startswith("[{'urls'")
    assert PLANTED not in repr(deployment(FULL))


def test_what_the_command_line_says_goes_before_the_file() -> None:
    login = Credential("bob", Secret("other"))
    own = entry("turn:turn2.example.org").settings(
        Settings(credential=login, credential_origin="-p", relay_ports=(1, 2), insecure=True)
    )
    assert (own.credential, own.credential_origin, own.minted) == (login, "-p", False)
    assert (own.relay_ports, own.insecure) == ((1, 2), True)
    alone = entry("turn:turn2.example.org").settings(Settings(now_s=1000.0))
    assert (alone.user, alone.minted, alone.group) == ("87400", True, "relay")


def test_a_part_of_it_is_named_by_group_or_target() -> None:
    part = deployment(FULL).only(["relay", "tcp:www.example.org:6379"])
    assert [str(target) for target in part.targets] == [
        "turn:turn.example.org?transport=udp",
        "turns:turn.example.org",
        "turn:turn2.example.org",
        "tcp:www.example.org:6379",
        "iceservers:app",
    ]
    with pytest.raises(LookupError, match="nowhere"):
        deployment(FULL).only(["nowhere"])


@pytest.mark.parametrize(
    ("text", "deadline_s"),
    [
        (FULL, 40.0),
        ('targets = ["stun:a.example.org"]', 20.0),
        ('[[target]]\nuri = "wss://a.example.org/"\nidle_s = 70', 90.0),
        ('[[target]]\nuri = "turn:a.example.org"\nrelay_samples = 13', 32.0),
        ('targets = ["stun:a.example.org"]\n[defaults]\ntimeout_s = 60', 62.0),
        ('targets = ["udp:a.example.org:49152-65535"]', 33.0),
        ('[[target]]\nuri = "udp:a.example.org:49152-65535"\nevery_port = true', 430.0),
        ("targets = [" + ",".join(f'"stun:s{n}.example.org"' for n in range(40)) + "]", 40.0),
    ],
)
def test_the_deadline_fits_what_was_asked_for(text: str, deadline_s: float) -> None:
    assert deployment(text).deadline_s == deadline_s


CHANGED = [
    # what of FULL is replaced, by what, and what is told
    (
        '"stun:stun.example.org",',
        '"stun:stun.example.org:0",',
        "line 2: targets[0]: stun:stun.example.org:0: port 0 is",
    ),
    ('"https://www.example.org/",', '"htps://x",', "line 3: targets[1]: unknown scheme htps:; did you mean https:?"),
    ('"https://www.example.org/",', "3,", "line 3: targets[1]: give a text in quotes, without line ends"),
    (
        '"https://www.example.org/",',
        '"iceservers:a",',
        "line 3: targets[1]: iceservers targets are not checked here; ap",
    ),
    (
        'www.example.org/",',
        'www.example.org/?room=1&token=hunter2",',
        "targets[1]: the parameter token is a secret",
    ),
    (
        'example.org/ice"',
        'example.org/ice?key=hunter2"',
        "target[2].uri: the parameter key is a secret, wh",
    ),
    ("[run]", "[ran]", "line 6: ran: there is no such key; did you mean run?"),
    ("deadline_s = 40", "deadline_s = 1", "line 7: run.deadline_s: give a number from 2 to 86400"),
    ("deadline_s = 40", "deadline = 40", "line 7: run.deadline: there is no such key; did you mean deadline_s?"),
    ('"192.0.2.53"', '"dns.example.org"', "line 9: run.resolvers[0]: give a nameserver's address such as 192.0.2.53"),
    ('["ipv4"]', '["ipv5"]', "line 10: run.families[0]: give one of ipv4, ipv6"),
    ("https://www.example.org/app", "www.example.org", "line 13: defaults.page: www.example.org has no scheme"),
    ("https://www.example.org/app", "turn:a", "line 13: defaults.page: give the page's address, such as https://"),
    ("min_cert_days = 14", "min_cert_days = 14.5", "line 14: defaults.min_cert_days: give a whole number from 0 to"),
    ("min_cert_days = 14", "min_cert_day = 14", "line 14: defaults.min_cert_day: there is no such key; did you mean m"),
    ("timeout_s = 12", 'timeout_s = "12"', "line 15: defaults.timeout_s: give a number from 2 to 86400"),
    ("max_rtt_ms = 250", "max_rtt_ms = inf", "line 16: defaults.max_rtt_ms: give a number from 0.1 to 60000"),
    ('user = "probe"', "", "line 20: group.relay.password: a password without a user name; add user"),
    (
        'password = { env = "TURN_PASSWORD" }\n',
        "",
        "line 19: group.relay.user: a user without a password; add password",
    ),
    ('user = "probe"', 'user = "a\\tb"', "line 19: group.relay.user: give a text in quotes, without line ends"),
    ('user = "probe"', f'user = "{"x" * 509}"', "line 19: group.relay.user: the user name is longer than 508 bytes"),
    (
        '{ env = "TURN_PASSWORD" }\nt',
        '{ env = "GONE" }\nt',
        "line 20: group.relay.password.env: the variable GONE is em",
    ),
    (
        '{ env = "TURN_PASSWORD" }\nt',
        '"hunter2"\nt',
        "line 20: group.relay.password: a secret does not stand in this file; write password = { env",
    ),
    ('{ env = "TURN_PASSWORD" }\nt', "{ env = 1 }\nt", "line 20: group.relay.password.env: give a text in quotes"),
    (
        '{ env = "TURN_PASSWORD" }\nt',
        '{ vault = "x" }\nt',
        "line 20: group.relay.password: say where it is kept: write",
    ),
    ('{ env = "TURN_PASSWORD" }\nt', '{ env="A", file="b" }\nt', "line 20: group.relay.password: say where it is kept"),
    ("min_rate_kbps = 500", "min_rate_kbps = 1", "line 22: group.relay.min_rate_kbps: give a number from 20 to 5000"),
    ("min_rate_kbps = 500", "relay_samples = 17", "line 22: group.relay.relay_samples: give a whole number from 2 to"),
    ("insecure = true", "insecure = 1", "line 23: group.relay.insecure: give true or false"),
    ('"http.cors", "dns.resolve"', '"http.cosr"', "line 26: group.web and signalling.skip[0]: give one of dns.resolve"),
    ('uri = "turn:turn2.example.org"\n', "", 'line 28: target[0]: no uri; add uri = "turn:turn.example.org"'),
    ("turn:turn2.example.org", "turn://t", "line 29: target[0].uri: turn://t: a turn target has no slashes (RFC 7065"),
    (
        "turn:turn2.example.org",
        "turn:turn.example.org?transport=udp",
        "line 29: target[0].uri: turn:turn.example.org?transport=udp stands on line 21 already; leave one of them",
    ),
    (
        'group = "relay"\ns',
        'group = "really"\ns',
        "line 30: target[0].group: there is no such group; did you mean relay?",
    ),
    ('group = "relay"\ns', "group = 7\ns", "line 30: target[0].group: there is no such group; write [group.NAME]"),
    (
        'secret = { file = "turn.secret" }',
        "password = { file = 'x' }",
        "line 31: target[0].password: a password without",
    ),
    (
        'secret = { file = "turn.secret" }',
        'secret = { file = "x" }',
        "line 31: target[0].secret.file: the file x is em",
    ),
    ("49160-49200", "49200-49160", "line 32: target[0].relay_port_range: give a range of ports such as 49152-65535"),
    ("max_rtt_ms = 80", "closed = true", "line 33: target[0].closed: turn targets do not heed it; tcp, udp do"),
    ("idle_s = 70", "idle_s = 3601", "line 40: target[1].idle_s: give a number from 1 to 3600"),
    ('method = "POST"', 'method = "PUT"', "line 44: target[2].method: give one of GET, POST"),
    (
        'query = { key = { env = "ICE_KEY" } }',
        'query = "k=v"',
        "line 46: target[2].query: give a table such as { key =",
    ),
    ('key = { env = "ICE_KEY" }', 'key = "v"', "line 46: target[2].query.key: a secret does not stand in this file"),
    ('{ env = "JANUS_SECRET" }', "{}", "line 51: target[3].api_secret: say where it is kept: write api_secret = { env"),
    ('name = "app"', 'name = "the app"', "line 59: ice_servers[0].name: the target holds white space"),
    ('name = "settings"', 'name = "app"', "line 68: ice_servers[1].name: iceservers:app stands on line 59 already"),
    ("public = true", 'closed = false\ntext = "[]"', "line 61: ice_servers[0].closed: iceservers targets do not heed"),
    ("public = true", 'text = "[]"', "line 58: ice_servers[0]: give the list either as servers or as text"),
    (
        "{ url = ",
        "{ uri = ",
        "line 63: ice_servers[0].servers[0].uri: there is no such key; known are urls, url, userna",
    ),
    ('"stun:stun.example.org" },', "[1] },", "line 63: ice_servers[0].servers[0].url[0]: give a text in quotes"),
    (
        'credential = { env = "TURN_PASSWORD" }',
        'credential = "hunter2"',
        "line 64: ice_servers[0].servers[1].credential: a secret does not stand in this file; write credential = ",
    ),
    ('{ file = "ice.json" }', '" "', "line 69: ice_servers[1].text: it is empty; give the list as the page has it"),
    (
        '{ file = "ice.json" }',
        '''"[{'credential': 'hunter2'}]"''',
        "line 69: ice_servers[1].text: a credential stands in it; keep the text in a file",
    ),
    ('{ file = "ice.json" }', "3", "line 69: ice_servers[1].text: say where it is kept"),
    ("[[ice_servers]]\nname", "[[ice_server]]\nname", "ice_server: there is no such key; did you mean ice_servers?"),
]


@pytest.mark.parametrize(("old", "new", "said"), CHANGED)
def test_a_mistake_is_told_with_its_line_and_its_reason(old: str, new: str, said: str) -> None:
    assert old in FULL
    told = mistakes(FULL.replace(old, new, 1))
    assert [each for each in told if said in each], told
    assert "hunter2" not in " ".join(told)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", 'line 1: no target; write targets = ["turn:turn.example.org"], [[target]] or [[ice_servers]]'),
        ("# nothing\n", "line 1: no target; write"),
        ("targets = []", "line 1: targets: give a list of target URIs"),
        (
            'targets = ["https://a.example.org/?token=hunter2"]',
            "line 1: targets[0]: the parameter token is a secret",
        ),
        ('targets = "turn:a"', "line 1: targets: give a list of target URIs"),
        ("target = 3", "line 1: target: write it with two brackets, [[target]]"),
        ('[target]\nuri = "turn:a"', "line 1: target: write it with two brackets, [[target]]"),
        ("target = [3]", "line 1: target[0]: write it as a table, [[target]]"),
        ("group = 3", "line 1: group: give each group a name, [group.NAME]"),
        ("[group]\nrelay = 3", "line 2: group.relay: write it as a table, [group.relay]"),
        ('[group." "]\n', "line 1: group. : a group's name is a text that prints"),
        ("defaults = 1\ntargets=['turn:a']", "line 1: defaults: write it as a table, [defaults]"),
        ("targets = [\n'turn:a'\n", "line 2: no TOML: "),
        ("a = 1\n\na = 2\n", "line 3: no TOML: Cannot overwrite a value"),
        ("[[ice_servers]]\nservers = []", "line 2: ice_servers[0].servers: give a list of entries such as"),
        ("[[ice_servers]]\nservers = [{}]", "line 2: ice_servers[0].servers[0]: give a table such as"),
        ("[[ice_servers]]\n", "line 1: ice_servers[0]: give the list either as servers or as text"),
        ("#" * (LONGEST + 1), f"line 1: longer than {LONGEST} characters: no configuration is"),
        ("a = " + "[" * 5000, "line 1: nested too deeply: no configuration is"),
    ],
)
def test_a_file_that_holds_no_deployment_is_told(text: str, said: str) -> None:
    assert mistakes(text)[0].startswith(said)


def test_all_mistakes_are_told_at_once_in_the_files_order() -> None:
    text = 'targets = ["turn:a:0", "b"]\n[defaults]\nusr = 1\n[[target]]\nuri = "stun:c"\nclosed = 1\npassword = "x"\n'
    assert [each.partition(":")[0] for each in mistakes(text)] == [
        *("line 1", "line 1", "line 3", "line 6", "line 6", "line 7", "line 7", "line 7")
    ]


_WORDS = st.sampled_from(
    ["targets", "target", "group", "uri", "password", "secret", "user", "ice_servers", "servers", "text", "run", "skip"]
)


def _tables(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Tables in which a secret may stand where its place should be named."""
    planted = st.fixed_dictionaries({}, optional=dict.fromkeys(("password", "secret", "credential"), st.just(PLANTED)))
    tables = st.dictionaries(_WORDS | st.text(max_size=3), inner, max_size=4)
    return st.builds(lambda table, more: {**table, **more}, tables, planted)


_VALUES: st.SearchStrategy[object] = st.recursive(
    st.sampled_from(["turn:turn.example.org", "", 0, -1, 2.5, float("inf"), True]),
    lambda inner: st.lists(inner, max_size=3) | _tables(inner),
    max_leaves=12,
)


def toml(value: object) -> str:
    """`value` as TOML has it in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return "inf" if value == float("inf") else json.dumps(value)


def _outcome(text: str) -> Deployment | str:
    try:
        return deployment(text)
    except Mistakes as told:
        return str(told)


@given(st.dictionaries(_WORDS | st.just("defaults"), _VALUES, max_size=6))
def test_whatever_stands_in_the_file_is_read_or_told_and_no_secret_with_it(value: dict[str, object]) -> None:
    text = "".join(f"{key} = {toml(each)}\n" for key, each in value.items())
    assert PLANTED not in repr(_outcome(text))


@given(st.text(max_size=200))
def test_any_text_at_all_is_read_or_told(text: str) -> None:
    assert _outcome(text)
