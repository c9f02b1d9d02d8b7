"""A first deployment file, written for its operator: the targets in groups, and every option that fits as a comment.

What it writes is read without a mistake once the variables that it names are set; each commented line can be taken in
by taking away its `# `.
"""

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from natprobe.deployment import keys
from natprobe.deployment.references import NOWHERE
from natprobe.target import Target

LoginKind = Literal["password", "secret", "none"]
_EVERYWHERE = ("page", "min_cert_days", "timeout_s", "skip")
_LOGIN = ("user", "password", "secret")
_OPTION_COLUMNS = 38
_HEAD = """\
# What belongs to this deployment, and what is expected of it. After each release:
#
#   natprobe check -d {name}
#
# Secrets do not stand here: {{ env = "NAME" }} or {{ file = "PATH" }} says where they are kept.
# A line that begins with "# " and a key is an option that is not in use.
# Editors check the file while you write, with `natprobe init --schema > deployment.schema.json` beside it and
# `#:schema deployment.schema.json` as its first line.
"""
_LISTED = """
# The ICE servers as the page's JavaScript has them: read as a browser would read them, and each is checked.
# [[ice_servers]]
# name = "page"
# public = true # whoever opens the page can read them
# servers = [{ urls = "stun:stun.example.org" }] # a credential is a reference here too
"""


class _Section(msgspec.Struct, frozen=True):
    name: str
    told: str
    """What the group is, as a comment."""
    schemes: frozenset[str]


_SECTIONS = (
    _Section("web", "Pages and APIs.", frozenset({"http", "https"})),
    _Section(
        "signalling",
        "WebSockets, and what finds the way to them. A path with /socket.io/ gets the handshakes of Socket.IO as well.",
        frozenset({"ws", "wss", "apprtc+http", "apprtc+https", "collider+ws", "collider+wss"}),
    ),
    _Section(
        "ice",
        "What hands out ICE servers: each server in its answer is checked, with the credential that came along.",
        frozenset({"iceconfig+http", "iceconfig+https"}),
    ),
    _Section(
        "relay",
        "STUN and TURN. Without ?transport every transport is tried; what is named must work.",
        keys.TURN | keys.STUN,
    ),
    _Section("media", "Gateways and media servers.", keys.JANUS | {"srs+http", "srs+https"}),
    _Section("tls", "Certificates and TLS versions of other ports.", frozenset({"tls"})),
    _Section("ports", "Ports that others reach.", keys.PORTS),
)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator said."""

    targets: tuple[Target, ...] = ()
    page: Target | None = None
    login: LoginKind = "password"
    user: str = "natprobe"
    closed: tuple[Target, ...] = ()
    """Ports that strangers must not reach."""


def draft(wish: Wish, name: str) -> str:
    """The text of a deployment file that will stand in the file `name`."""
    table = keys.of_targets((), NOWHERE, 2.0)
    sections = (_section(section, wish, table) for section in _SECTIONS)
    return "".join((_HEAD.format(name=name), _defaults(wish, table), *sections, _closed(wish), _LISTED))


def variables(wish: Wish) -> tuple[str, ...]:
    """The environment variables that the draft names outside of comments."""
    if wish.login == "none" or not any(target.scheme in keys.TURN for target in wish.targets):
        return ()
    return ("TURN_PASSWORD",) if wish.login == "password" else ("TURN_SECRET",)


def _defaults(wish: Wish, table: keys.Keys) -> str:
    page = f"page = {_quoted(str(wish.page))} # {table['page'].meaning}" if wish.page else _option("page", table)
    options = (_option(key, table) for key in _EVERYWHERE if key != "page")
    return "\n".join(("", "# For every target that heeds it and says nothing else.", "[defaults]", page, *options, ""))


def _section(section: _Section, wish: Wish, table: keys.Keys) -> str:
    targets = tuple(target for target in wish.targets if target.scheme in section.schemes)
    if not targets:
        return ""
    schemes = {target.scheme for target in targets}
    login = _login(wish, table) if schemes & keys.TURN else ()
    left_out = {*_EVERYWHERE, *_LOGIN}
    options = (_option(key, table) for key, each in table.items() if key not in left_out and schemes & each.schemes)
    lines = (f"# {section.told}", f"[group.{section.name}]", *_listed(targets), *login, *options)
    return "\n".join(("", *lines, ""))


def _login(wish: Wish, table: keys.Keys) -> Iterator[str]:
    """The credential in use, and the other kind as comments."""
    user = f"user = {_quoted(wish.user)}"
    if wish.login == "none":
        yield _option("user", table)
        yield _option("password", table)
        return
    other = "secret" if wish.login == "password" else "password"
    yield user
    yield f"{wish.login} = {table[wish.login].sample} # {table[wish.login].meaning}"
    yield f"# {other} = {table[other].sample} # In the place of {wish.login}: {table[other].meaning}"


def _closed(wish: Wish) -> str:
    if not wish.closed:
        return ""
    return "\n".join(
        ("", "# What strangers must not reach.", "[group.closed]", "closed = true", *_listed(wish.closed), "")
    )


def _listed(targets: Iterable[Target]) -> Iterator[str]:
    yield "targets = ["
    yield from (f"  {_quoted(str(target))}," for target in targets)
    yield "]"


def _option(key: str, table: keys.Keys) -> str:
    return f"{f'# {key} = {table[key].sample}':<{_OPTION_COLUMNS}} # {table[key].meaning}"


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()  # a basic string of TOML takes JSON's escapes
