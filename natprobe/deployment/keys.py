"""Which keys a deployment file has, what may stand behind each, what it means, and for which targets: tables."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from natprobe.deployment.references import JSON_TEXT, QUERY, SERVERS, Lookup, secret
from natprobe.expectations import FASTEST_KBPS, FEWEST_SAMPLES, MOST_SAMPLES, SLOWEST_KBPS
from natprobe.target import SCHEMES, TargetError, parse, without_secrets
from natprobe.tomlfile.readers import (
    FAMILIES,
    FLAG,
    NAMESERVERS,
    PORT_RANGE,
    TEXT,
    Kind,
    Unfit,
    list_of,
    number,
    one_of,
    target,
    whole,
)

LISTS = frozenset(name for name, scheme in SCHEMES.items() if scheme.form == "list")
TURN = frozenset({"turn", "turns"})
STUN = frozenset({"stun", "stuns"})
WEB = frozenset(name for name, scheme in SCHEMES.items() if scheme.form == "web")
SOCKETS = frozenset(name for name in WEB if name.rpartition("+")[2] in {"ws", "wss"})
PAGES = frozenset({"http", "https"})
SOCKET_IO = frozenset({"ws", "wss"}) | PAGES
FETCHED = WEB - SOCKETS - {"apprtc+http", "apprtc+https"}
"""What pages fetch by an address of their own; AppRTC's room server is always asked by POST."""
JANUS = frozenset(name for name in WEB if name.startswith("janus+"))
PORTS = frozenset({"tcp", "udp"})
SECURE = frozenset(name for name, scheme in SCHEMES.items() if "tls" in scheme.transports)
EVERY = frozenset(SCHEMES)
DIALLED = EVERY - LISTS
"""What a URI of the file may begin with."""
LONGEST_IDLE_S = 3600.0


class Key(NamedTuple):
    """One key of a target, or of what targets take it from."""

    kind: Kind
    sample: str
    """A value, as TOML."""
    meaning: str
    """One sentence, for editors and for the documentation."""
    schemes: frozenset[str] = EVERY
    """The targets that heed it."""


Keys = Mapping[str, Key]


def _page(value: Any) -> str:
    try:
        page = parse(TEXT(value))
    except TargetError as error:
        raise Unfit(str(error)) from None
    if page.scheme not in PAGES:
        raise Unfit("give the page's address, such as https://www.example.org/")
    return str(without_secrets(page)[0])


def of_targets(checks: Collection[str], lookup: Lookup, shortest_s: float) -> Keys:
    """The keys of `[defaults]`, `[group.NAME]`, `[[target]]` and `[[ice_servers]]`."""
    return {
        "user": Key(TEXT, '"natprobe"', "The TURN user name; with `secret` it stands behind the expiry.", TURN),
        "password": Key(
            secret("password", lookup), '{ env = "TURN_PASSWORD" }', "Where the TURN user's password is kept.", TURN
        ),
        "secret": Key(
            secret("secret", lookup), '{ env = "TURN_SECRET" }', "Where the TURN REST shared secret is kept.", TURN
        ),
        "relay_port_range": Key(
            PORT_RANGE, '"49152-65535"', "The relay's ports as the server has them, to compare.", TURN | LISTS
        ),
        "max_rtt_ms": Key(
            number(0.1, 60_000), "150", "The longest round trip that is good enough.", TURN | STUN | LISTS
        ),
        "min_rate_kbps": Key(
            number(SLOWEST_KBPS, FASTEST_KBPS), "500", "What a relay shall carry, in kbit/s: a load.", TURN | LISTS
        ),
        "relay_samples": Key(
            whole(FEWEST_SAMPLES, MOST_SAMPLES), "8", "So many relayed ports must be open: allocations.", TURN | LISTS
        ),
        "min_cert_days": Key(whole(0, 3650), "30", "With fewer days left a certificate ends soon.", SECURE | LISTS),
        "closed": Key(FLAG, "true", "The ports shall not be reachable from here.", PORTS),
        "every_port": Key(FLAG, "true", "Every port of a large range is asked, not a choice of them.", PORTS),
        "page": Key(
            Kind(_page, TEXT.shape),
            '"https://www.example.org/"',
            "The page that uses it: its origin, and what is mixed content.",
            WEB,
        ),
        "cors_credentials": Key(FLAG, "true", "The page fetches it with cookies.", FETCHED),
        "method": Key(one_of(("GET", "POST")), '"POST"', "How clients ask for it.", FETCHED),
        "query": Key(QUERY(lookup), '{ key = { env = "ICE_KEY" } }', "Secret query parameters, each a reference.", WEB),
        "api_secret": Key(
            secret("api_secret", lookup), '{ env = "JANUS_SECRET" }', "Where Janus' api_secret is kept.", JANUS
        ),
        "subprotocol": Key(TEXT, '"chat"', "The WebSocket sub-protocol that clients ask for.", SOCKETS),
        "namespace": Key(TEXT, '"/room"', "The Socket.IO namespace that clients connect to.", SOCKET_IO),
        "idle_s": Key(
            number(1, LONGEST_IDLE_S), "70", "A silence that the WebSocket shall survive, waited out.", SOCKETS
        ),
        "insecure": Key(FLAG, "true", "Go on past a bad certificate; it is still told.", SECURE | LISTS),
        "skip": Key(list_of(_check(checks), "ids of checks"), '["http.cors"]', "The ids of checks that are left out."),
        "timeout_s": Key(number(shortest_s, 86_400), "15", "The longest that the target may take."),
    }


def _check(checks: Collection[str]) -> Kind:
    """The id of a check; the schema knows its form alone, since each natprobe has its own."""
    return Kind(one_of(checks).read, {"type": "string", "pattern": r"^[a-z]+\.[a-z-]+$"})


def of_run(shortest_s: float) -> Keys:
    """The keys of `[run]`."""
    return {
        "deadline_s": Key(number(shortest_s, 86_400), "60", "The whole run's deadline, as --timeout."),
        "ca_file": Key(TEXT, '"ca.pem"', "Trust the authorities in this PEM file, as --ca-file."),
        "resolvers": Key(NAMESERVERS, '["192.0.2.53"]', "Ask these nameservers, as --resolver."),
        "families": Key(FAMILIES, '["ipv4"]', 'Only "ipv4" or only "ipv6", as -4 and -6.'),
    }


def of_list(lookup: Lookup) -> Keys:
    """The keys that `[[ice_servers]]` has beside those of targets."""
    return {
        "name": Key(TEXT, '"page"', "What the report calls the list (`page` where it is left out)."),
        "servers": Key(
            SERVERS(lookup),
            '[{ urls = "stun:stun.example.org" }]',
            "The entries, as RTCPeerConnection takes them; credentials by reference.",
        ),
        "text": Key(
            JSON_TEXT(lookup), '{ file = "ice.json" }', "The list as the page has it, as text or a reference to it."
        ),
        "public": Key(FLAG, "true", "Whether whoever opens the page can read it."),
    }


def uris(schemes: Collection[str]) -> Kind:
    """A list of target URIs."""
    return list_of(target(schemes), "target URIs")
