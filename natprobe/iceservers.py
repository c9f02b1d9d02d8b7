"""Is this `iceServers` what a browser takes, and what does it name? Pure: text → servers and findings.

Takes what `new RTCPeerConnection({iceServers})` takes (W3C WebRTC section 4.2.1), as JSON: an array, or an object that
holds one. What a browser would refuse is told and, where its meaning is plain, used all the same.
"""

import ast
from typing import Any

import msgspec

from natprobe.address import kind_of
from natprobe.credential import Credential, CredentialError, Secret, examine
from natprobe.credential.secret import checked_username
from natprobe.credential.words import duration_text
from natprobe.events import Raised
from natprobe.target import Target, TargetError, default_port, parse

MANY_URLS = 5
"""From here on browsers warn, since each URL is asked on every call."""
MOST_URLS = 64
EXPIRES_SOON_S = 3600.0
LONGEST_S = 7 * 86400.0
LARGEST = 1_000_000
LARGEST_SCRIPT = 65_536
"""A second is spent on a script of a megabyte."""
_SCHEMES = frozenset({"stun", "stuns", "turn", "turns"})
_BROWSER_PORTS = frozenset({53, 80, 443})


class IceServersError(ValueError):
    """A text that holds no ICE servers at all; the message is one line, and `finding` is its id in the catalogue."""

    def __init__(self, finding: str, detail: str) -> None:
        super().__init__(f"{detail} ({finding})")
        self.finding = finding
        self.detail = detail


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A list of ICE servers as somebody wrote it down, good or bad."""

    text: Secret
    """The list as JSON, or what was meant to be JSON. It may hold credentials."""
    public: bool = False
    """Whether whoever opens the page can read it."""


class IceServer(msgspec.Struct, frozen=True, kw_only=True):
    """One URL of the configuration, and the credential of its entry."""

    target: Target
    credential: Credential | None = None


class IceServers(msgspec.Struct, frozen=True, kw_only=True):
    """What the configuration names, and what is wrong with it."""

    servers: tuple[IceServer, ...] = ()
    raised: tuple[Raised, ...] = ()
    unusable: tuple[tuple[str, str], ...] = ()
    """URLs that are none, each with the reason."""


class _Draft:
    """What was read so far."""

    def __init__(self, name: str, now_s: float) -> None:
        self.name = name
        self.now_s = now_s
        self.servers: list[IceServer] = []
        self.raised: list[Raised] = []
        self.unusable: list[tuple[str, str]] = []

    def tell(self, finding: str, **facts: str) -> None:
        """Raises a finding about the configuration."""
        self.raised.append(Raised(id=finding, facts={"uri": self.name} | facts))


def read(text: str, name: str, now_s: float) -> IceServers:
    """The servers in `text`, at the UNIX time `now_s`; `name` is what findings call it. Raises IceServersError."""
    draft = _Draft(name, now_s)
    for entry in _entries(_value(text, draft), draft):
        _read_entry(entry, draft)
    _about_all(draft)
    return IceServers(servers=tuple(draft.servers), raised=_once(draft.raised), unusable=tuple(draft.unusable))


def _once(raised: list[Raised]) -> tuple[Raised, ...]:
    """Each finding once, with all that it was raised for."""
    facts: dict[str, dict[str, dict[str, None]]] = {}
    for each in raised:
        for name, value in each.facts.items():
            facts.setdefault(each.id, {}).setdefault(name, {})[value] = None
    return tuple(
        Raised(id=finding, facts={name: ", ".join(values) for name, values in said.items()})
        for finding, said in facts.items()
    )


def _value(text: str, draft: _Draft) -> Any:
    if len(text) > LARGEST:
        raise IceServersError("iceconfig-shape", f"longer than {LARGEST} characters: no list of servers is")
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        script = _script(text)
        if script is None:
            raise IceServersError("iceconfig-not-json", f"no JSON: {str(error)[:120]}") from None
        draft.tell("iceconfig-js-string")
        return script


def _script(text: str) -> Any:
    """The value of a list that is written as a programming language does, with single quotes; None where it is none."""
    if len(text) > LARGEST_SCRIPT:
        return None
    try:
        value = ast.literal_eval(text.strip().removesuffix(";"))
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    return value if isinstance(value, list | dict) else None


def _entries(value: Any, draft: _Draft) -> tuple[dict[str, Any], ...]:
    found = value.get("iceServers", value) if isinstance(value, dict) else value
    if isinstance(found, str):  # the list arrived as a quoted text
        draft.tell("iceconfig-js-string")
        found = _script(found)
    if isinstance(found, dict):
        legacy = "uris" in found  # draft-uberti-behave-turn-rest's form
        draft.tell("iceconfig-shape", detail="it has uris at the top" if legacy else "it is one object, and no array")
        found = [found | {"urls": found.get("uris", found.get("urls"))} if legacy else found]
    if not isinstance(found, list):
        raise IceServersError("iceconfig-shape", 'no array and no {"iceServers": [ ... ]}')
    entries = tuple(each for each in found if isinstance(each, dict))
    if len(entries) < len(found):
        draft.tell("iceconfig-shape", detail="an entry is no object")
    return entries


def _read_entry(entry: dict[str, Any], draft: _Draft) -> None:
    urls = _urls(entry, draft)
    targets = [target for target in (_target(url, draft) for url in urls) if target is not None]
    credential = _credential(entry, draft)
    if any(target.scheme.startswith("stun") for target in targets) and any(_is_turn(target) for target in targets):
        draft.tell("iceconfig-stun-mixed-with-credentials")
    bare = next((target for target in targets if _is_turn(target)), None)
    if bare is not None and credential is None:
        draft.tell("iceconfig-missing-credential", name=str(bare))
    if bare is not None and credential is not None:
        _about_expiry(credential, draft)
    for target in targets:
        _about_target(target, draft)
        draft.servers.append(IceServer(target=target, credential=credential if _is_turn(target) else None))


def _urls(entry: dict[str, Any], draft: _Draft) -> tuple[str, ...]:
    given = entry.get("urls")
    if given is None and "url" in entry:
        given = entry["url"]
        draft.tell("iceconfig-legacy-url-key", name=_shown(str(given)))
    urls = [given] if isinstance(given, str) else given
    if not isinstance(urls, list) or not urls:
        draft.tell("iceconfig-urls-empty")
        return ()
    texts = tuple(url for url in urls if isinstance(url, str))
    if len(texts) < len(urls):
        draft.tell("iceconfig-shape", detail="a URL is no text")
    return texts


def _target(url: str, draft: _Draft) -> Target | None:
    head, question, _ = url.partition("?")
    if question and head.lower().startswith(("stun:", "stuns:")):
        draft.raised.append(Raised(id="uri-stun-with-transport", facts={"uri": _shown(url)}))
        url = head
    try:
        target = parse(url)
    except TargetError as error:
        _unusable(url, str(error), draft)
        return None
    if target.scheme not in _SCHEMES:
        _unusable(url, f"{target.scheme} is none of stun, stuns, turn, turns", draft)
        return None
    return target


def _unusable(url: str, why: str, draft: _Draft) -> None:
    draft.raised.append(Raised(id="uri-syntax", facts={"uri": _shown(url), "detail": why}))
    draft.unusable.append((_shown(url), why))


def _shown(url: str) -> str:
    """`url`, but nothing of one with an @ in it: what stands before that may be a password."""
    return url[:120] if "@" not in url else f"{url.partition(':')[0][:10]}:…"


def _credential(entry: dict[str, Any], draft: _Draft) -> Credential | None:
    username, password = entry.get("username"), entry.get("credential")
    if password is None and isinstance(entry.get("password"), str):
        draft.tell("iceconfig-credentialtype")
        password = entry["password"]
    if not (isinstance(username, str) and isinstance(password, str) and username and password):
        return None
    try:
        return Credential(checked_username(username), Secret(password))
    except CredentialError:
        return None


def _about_expiry(credential: Credential, draft: _Draft) -> None:
    facts = examine(credential, draft.now_s)
    if facts.expires_in_s is None:
        return
    lifetime = duration_text(abs(facts.expires_in_s))
    if facts.expired:
        draft.tell("iceconfig-expired", user=credential.username, expired_for=lifetime)
    elif facts.expires_in_s < EXPIRES_SOON_S:
        draft.tell("iceconfig-expires-soon", user=credential.username, lifetime=lifetime)
    elif facts.expires_in_s > LONGEST_S:
        draft.tell("iceconfig-ttl-too-long", lifetime=lifetime)


def _about_target(target: Target, draft: _Draft) -> None:
    uri, port = str(target), target.effective_port or 0
    if target.is_literal and kind_of(target.host) != "public":
        facts = {"uri": uri, "host": target.host, "kind": kind_of(target.host)}
        draft.raised.append(Raised(id="uri-private-host", facts=facts))
    if target.scheme == "turns" and target.transport == "udp":
        draft.raised.append(Raised(id="uri-turns-udp", facts={"uri": uri}))
    if target.secure and target.port is None:
        facts = {"uri": uri, "port": str(default_port(target.scheme))}
        draft.raised.append(Raised(id="uri-default-port-surprise", facts=facts))
    if _is_turn(target) and port < 1024 and port not in _BROWSER_PORTS:
        draft.raised.append(Raised(id="uri-port-restricted-by-browser", facts={"uri": uri, "port": str(port)}))


def _about_all(draft: _Draft) -> None:
    unique = tuple(dict.fromkeys(draft.servers))
    if len(unique) < len(draft.servers):
        twice = next(each for each in unique if draft.servers.count(each) > 1)
        draft.tell("iceconfig-duplicate", name=str(twice.target))
    if len(draft.servers) >= MANY_URLS:
        facts = {"sends": str(len(draft.servers)), "uri": str(draft.servers[0].target)}
        draft.raised.append(Raised(id="uri-too-many-servers", facts=facts))
    draft.servers = list(unique[:MOST_URLS])


def _is_turn(target: Target) -> bool:
    return target.scheme.startswith("turn")
