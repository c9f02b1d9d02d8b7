"""The URI grammar of targets: what is taken, what is refused, and what the refusal says."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from natprobe import events
from natprobe.target import (
    SCHEMES,
    Target,
    TargetError,
    TransportName,
    default_port,
    parse,
    transports,
    without_secrets,
)

TAKEN = [
    ("stun:stun.example.org", Target(scheme="stun", host="stun.example.org")),
    ("TURN:Turn.Example.ORG:3478", Target(scheme="turn", host="turn.example.org", port=3478)),
    ("turn:192.0.2.1?transport=tcp", Target(scheme="turn", host="192.0.2.1", transport="tcp")),
    (
        "turns:turn.example.org:443?Transport=UDP",
        Target(scheme="turns", host="turn.example.org", port=443, transport="udp"),
    ),
    ("stuns:[2001:DB8:0:0::1]:5349", Target(scheme="stuns", host="2001:db8::1", port=5349)),
    ("turn:[2001:db8::1]", Target(scheme="turn", host="2001:db8::1")),
    ("turn:my_turn-1.example.org.", Target(scheme="turn", host="my_turn-1.example.org.")),
    ("turn:localhost:03478", Target(scheme="turn", host="localhost", port=3478)),
    ("stun:bücher.example", Target(scheme="stun", host="xn--bcher-kva.example")),
    ("https://example.org", Target(scheme="https", host="example.org")),
    ("https://example.org/?", Target(scheme="https", host="example.org", path="/")),
    (
        "wss://example.org:8443/socket.io/?EIO=4",
        Target(scheme="wss", host="example.org", port=8443, path="/socket.io/", query="EIO=4"),
    ),
    ("http://[::1]:8080/ä b".replace(" ", "%20"), Target(scheme="http", host="::1", port=8080, path="/%C3%A4%20b")),
    ("https://example.org/call#room", Target(scheme="https", host="example.org", path="/call")),
    (
        "https://example.org/@me?to=a@example.org",
        Target(scheme="https", host="example.org", path="/@me", query="to=a@example.org"),
    ),
    ("janus+https://example.org/janus", Target(scheme="janus+https", host="example.org", path="/janus")),
    ("iceservers:Page", Target(scheme="iceservers", host="Page")),
    ("tls:example.org:443", Target(scheme="tls", host="example.org", port=443)),
    ("tcp:example.org:443", Target(scheme="tcp", host="example.org", port=443, ports=((443, 443),))),
    ("udp:[2001:db8::1]:60000-60100", Target(scheme="udp", host="2001:db8::1", ports=((60000, 60100),))),
    ("tcp:example.org:8000-8010,80,8011", Target(scheme="tcp", host="example.org", ports=((80, 80), (8000, 8011)))),
]

REFUSED = [
    ("", "is empty"),
    ("turn.example.org:3478", "did you mean turn:turn.example.org:3478 or stun:turn.example.org:3478?"),
    ("localhost:3478", "has no scheme"),
    ("2001:db8::1", "turn:[2001:db8::1]"),
    ("[2001:db8::1]:3478", "turn:[2001:db8::1]:3478"),
    ("example.org/call", "did you mean https://example.org/call?"),
    ("trun:turn.example.org", "did you mean turn:?"),
    ("gopher9:example.org", "known are stun, stuns"),
    ("turn://turn.example.org:3478", "(RFC 7065 section 3.1); write turn:turn.example.org:3478"),
    ("stun://stun.example.org", "(RFC 7064 section 3.1); write stun:stun.example.org"),
    ("turn:turn.example.org/", "write turn:turn.example.org"),
    ("tcp://example.org:80", "write tcp:example.org:80"),
    ("stun:stun.example.org?transport=udp", "takes no parameters (RFC 7064 section 3.1); write stun:stun.example.org"),
    ("tls:example.org:443?x", "takes no parameters"),
    ("iceservers:the page", "white space"),
    ("iceservers:a/b", "a list's name holds letters, digits, _ . and -, 64 at most"),
    ("iceservers:", "a list's name"),
    ("turn:example.org?transport=sctp", "no such transport; write transport=udp or transport=tcp"),
    ("turn:example.org?transport=tls", "write turns:example.org?transport=tcp"),
    ("turn:example.org:443?transport=dtls", "write turns:example.org:443?transport=udp"),
    ("turn:example.org?transport=", "write transport=udp or transport=tcp"),
    ("turn:example.org?", "nothing follows the question mark"),
    ("turn:example.org?ttl=5", "unknown parameter 'ttl'"),
    ("turn:example.org?transport=udp&transport=tcp", "given once"),
    ("turn:example.org:", "nothing follows the colon"),
    ("turn:example.org:0", "port 0 is out of range"),
    ("turn:example.org:65536", "port 65536 is out of range"),
    ("turn:example.org:" + "9" * 600, "is out of range"),
    ("turn:example.org:٣", "is not a port"),
    ("turn:example.org:-1", "is not a port"),
    ("turn:example.org:80:90", "more than one colon"),
    ("turn:2001:db8::1", "write turn:[2001:db8::1]"),
    ("turn:2001:db8::1:3478", "write turn:[2001:db8::1:3478] or turn:[2001:db8::1]:3478"),
    ("https://2001:db8::1", "write https://[2001:db8::1]"),
    ("udp:2001:db8::1:60000-60100", "write udp:[2001:db8::1]:60000-60100"),
    ("turn:[2001:db8::g]", "is not an IPv6 address"),
    ("turn:[192.0.2.1]", "is not an IPv6 address"),
    ("turn:[2001:db8::1", "bracket of the IPv6 literal is not closed"),
    ("turn:[2001:db8::1]3478", "follows the IPv6 literal"),
    ("turn:[fe80::1%eth0]:3478", "leave out %eth0"),
    ("turn:$STUNSERVER_URL", "the placeholder $STUNSERVER_URL"),
    ("turn:<host>:3478", "the placeholder <host>"),
    ("https://{{ domain }}/".replace(" ", ""), "the placeholder {{domain}}"),
    ("turn:", "has no host"),
    ("turn::3478", "has no host"),
    ("https:///path", "has no host"),
    ("https:example.org", "two slashes"),
    ("turn:a..example.org", "empty label"),
    ("turn:-a.example.org", "-a is not a host label"),
    ("turn:a%41.example.org", "is not a host label"),
    ("https://example.org\\path", "is not a host label"),
    ("turn:" + "a" * 64, "longer than 63"),
    ("turn:" + "a." * 126 + "org", "longer than 253"),
    ("turn:" + "ä" * 300, "longer than 253"),
    ("turn:" + "a" * 3000, "longer than 2048"),
    ("turn:192.0.2", "is not an IPv4 address"),
    ("turn:192.0.2.256", "is not an IPv4 address"),
    ("turn:010.0.0.1", "is not an IPv4 address"),
    ("turn:0x7f000001", "is not an IPv4 address"),
    ("turn:exa mple.org", "white space (U+0020) at character 9"),
    ("turn:example.org\n", "white space (U+000A)"),
    ("turn:example.org\0", "control character (U+0000)"),
    ("turn:\u200bexample.org", "invisible or control character (U+200B)"),
    ("turn:\udc80", "(U+DC80)"),
    ("tls:example.org", "has no port"),
    ("tls:example.org:80-90", "is not a port"),
    ("udp:example.org:90-80", "write 80-90"),
    ("udp:example.org:80,", "nothing follows"),
    ("udp:example.org:" + ",".join("1" * 65), "more than 64"),
]

WITH_PASSWORD = [
    "turn:user:hunter2@turn.example.org",
    "user:hunter2@turn.example.org",
    "turns:user:hunter2@turn.example.org?transport=tcp",
    "https://user:hunter2@example.org/",
    "https://user:hunter2/x@example.org/",
    "https://user:x?hunter2@example.org/",
    "https://user:hunter2#x@example.org/",
    "https:user:hunter2@example.org",
    "tls:user:hunter2@example.org:443",
    "tcp:user:hunter2@example.org:443",
    "turn:turn.example.org?password=hunter2",
    "turn:turn.example.org?transport=udp&password=hunter2",
    "https://example.org:bad/path?key=hunter2",
    "example.org/path?key=hunter2",
]


@pytest.mark.parametrize(("text", "target"), TAKEN)
def test_a_target_is_read(text: str, target: Target) -> None:
    assert parse(text) == target


@pytest.mark.parametrize(("text", "said"), REFUSED)
def test_a_wrong_target_is_refused_in_one_line_that_helps(text: str, said: str) -> None:
    with pytest.raises(TargetError) as caught:
        parse(text)
    message = str(caught.value)
    assert said in message
    assert message.isprintable()
    assert len(message) < 500


@pytest.mark.parametrize("text", WITH_PASSWORD)
def test_a_refusal_never_repeats_a_password(text: str) -> None:
    with pytest.raises(TargetError) as caught:
        parse(text)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None or "hunter2" not in str(caught.value.__context__)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_has_a_target_that_is_its_own_text(scheme: str) -> None:
    text = {"ice": "{}:example.org", "web": "{}://example.org/a?b=c", "port": "{}:example.org:443", "list": "{}:a.b"}
    uri = text[SCHEMES[scheme].form].format(scheme)
    assert str(parse(uri)) == uri
    assert parse(uri).text == uri


_LABELS = st.from_regex(r"[a-z_]([a-z0-9_-]{0,20}[a-z0-9_])?", fullmatch=True)
_NAMES = st.lists(_LABELS, min_size=1, max_size=4).map(".".join)
_HOSTS = st.one_of(_NAMES, st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map(lambda ip: f"[{ip}]"))
_PORTS = st.integers(1, 65535)
_SUFFIX = st.one_of(st.just(""), _PORTS.map(lambda port: f":{port}"))
_TURN = st.tuples(
    st.sampled_from(["turn:", "TURNS:"]), _HOSTS, _SUFFIX, st.sampled_from(["", "?transport=udp", "?TRANSPORT=TCP"])
)
_STUN = st.tuples(st.sampled_from(["stun:", "stuns:"]), _HOSTS, _SUFFIX)
_RANGES = st.lists(st.tuples(_PORTS, _PORTS).map(lambda pair: f"{min(pair)}-{max(pair)}"), min_size=1, max_size=5).map(
    lambda pieces: ":" + ",".join(pieces)
)
_SCAN = st.tuples(st.sampled_from(["tcp:", "udp:"]), _HOSTS, _RANGES)
_TAIL = st.text(st.characters(exclude_categories=("C", "Z")), max_size=30)
_WEB = st.tuples(st.sampled_from(["https://", "janus+wss://"]), _HOSTS, _SUFFIX, _TAIL.map(lambda tail: f"/{tail}"))


@given(st.one_of(_TURN, _STUN, _SCAN, _WEB).map("".join))
def test_the_text_of_a_target_is_the_same_target(text: str) -> None:
    target = parse(text)
    assert parse(str(target)) == target


@given(st.text())
def test_any_text_after_a_scheme_is_read_or_refused_in_one_line(rest: str) -> None:
    for prefix in ("", "turn:", "https://", "tcp:", "turn:[", "stun:example.org:"):
        read = _read(prefix + rest)
        assert isinstance(read, Target) or read.isprintable()
        assert isinstance(read, str) or parse(str(read)) == read


def _read(text: str) -> Target | str:
    try:
        return parse(text)
    except TargetError as error:
        return str(error)


@pytest.mark.parametrize(
    ("scheme", "port"), [("stun", 3478), ("turn", 3478), ("stuns", 5349), ("turns", 5349), ("wss", 443), ("tcp", None)]
)
def test_the_default_port_is_the_schemes(scheme: str, port: int | None) -> None:
    assert default_port(scheme) == port


def test_an_unknown_scheme_has_no_default_port() -> None:
    with pytest.raises(TargetError):
        default_port("gopher")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("stun:example.org", ("udp", "tcp")),
        ("stuns:example.org", ("tls", "dtls")),
        ("turn:example.org", ("udp", "tcp")),
        ("turns:example.org", ("tls", "dtls")),
        ("turn:example.org?transport=udp", ("udp",)),
        ("turn:example.org?transport=tcp", ("tcp",)),
        ("turns:example.org?transport=udp", ("dtls",)),
        ("turns:example.org?transport=tcp", ("tls",)),
        ("https://example.org", ("tls",)),
        ("udp:example.org:1", ("udp",)),
    ],
)
def test_a_target_leads_to_its_transports(text: str, names: tuple[TransportName, ...]) -> None:
    assert transports(parse(text)) == names


@pytest.mark.parametrize(
    ("text", "name", "narrowed"),
    [
        ("turn:example.org", "udp", "turn:example.org?transport=udp"),
        ("turn:example.org:80", "tcp", "turn:example.org:80?transport=tcp"),
        ("turns:example.org", "tls", "turns:example.org?transport=tcp"),
        ("turns:example.org", "dtls", "turns:example.org?transport=udp"),
        ("stun:example.org", "tcp", "stun:example.org"),
    ],
)
def test_a_target_is_narrowed_to_a_transport(text: str, name: TransportName, narrowed: str) -> None:
    assert str(parse(text).with_transport(name)) == narrowed


def test_a_web_target_tells_its_plain_url_and_request_path() -> None:
    target = parse("janus+wss://[2001:db8::1]:8989/janus?a=1")
    assert target.web_url == "wss://[2001:db8::1]:8989/janus?a=1"
    assert target.request_path == "/janus?a=1"
    assert target.authority == "[2001:db8::1]:8989"
    assert parse("https://example.org").request_path == "/"
    with pytest.raises(TargetError):
        _ = parse("turn:example.org").web_url


def test_a_target_knows_its_effective_port_and_whether_it_is_secure() -> None:
    assert parse("turns:example.org").effective_port == 5349
    assert parse("turns:example.org:443").effective_port == 443
    assert parse("udp:example.org:1-9").effective_port is None
    assert parse("turns:example.org").secure
    assert not parse("turn:example.org").secure
    assert parse("turn:192.0.2.1").is_literal
    assert not parse("turn:example.org").is_literal


def test_a_target_travels_as_json() -> None:
    target = parse("udp:[2001:db8::1]:60000-60100,1")
    assert msgspec.json.decode(msgspec.json.encode(target), type=Target) == target


def test_the_transport_names_are_those_of_the_events() -> None:
    assert TransportName == events.TransportName


@pytest.mark.parametrize(
    ("uri", "bare", "told"),
    [
        ("https://www.example.org/a?key=abc", "https://www.example.org/a", (("key", "abc"),)),
        ("https://www.example.org/a?x=1&api_key=a%20b&y=2", "https://www.example.org/a?x=1&y=2", (("api_key", "a b"),)),
        ("wss://www.example.org/socket.io/?EIO=4&transport=websocket&token=t", None, (("token", "t"),)),
        ("https://www.example.org/a?X-Amz-Signature=abc", "https://www.example.org/a", (("X-Amz-Signature", "abc"),)),
        ("https://www.example.org/a?key=", "https://www.example.org/a?key=", ()),
        ("https://www.example.org/a?monkey=1&keyboard=2&design=3", None, ()),
        ("turn:turn.example.org?transport=udp", None, ()),
    ],
)
def test_parameters_that_are_secret_by_their_names_are_taken_out(
    uri: str, bare: str | None, told: tuple[tuple[str, str], ...]
) -> None:
    shown, hidden = without_secrets(parse(uri))
    assert hidden == told
    assert str(shown) == (bare or uri.removesuffix("&token=t"))
