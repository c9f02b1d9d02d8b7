"""From the text of a deployment file to its values: every mistake at once, each with its line and its reason."""

import difflib
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import msgspec

from natprobe.credential import CredentialError
from natprobe.credential.secret import checked_username
from natprobe.deployment import keys
from natprobe.deployment.keys import Key
from natprobe.deployment.references import Kept, Lookup
from natprobe.deployment.values import Deployment, Entry, Login, Run
from natprobe.expectations import Expectations
from natprobe.iceservers import Written
from natprobe.target import Target, TargetError, parse, without_secrets
from natprobe.target.errors import shown
from natprobe.tomlfile import Mistake, Mistakes, Path, Reader, Tables, parsed
from natprobe.tomlfile.lines import line_of
from natprobe.tomlfile.readers import target

TOP = ("run", "defaults", "targets", "group", "target", "ice_servers")
LOGIN = ("user", "password", "secret")
_EXPECTATIONS = frozenset(msgspec.structs.asdict(Expectations()))
_NOTHING = 'no target; write targets = ["turn:turn.example.org"], [[target]] or [[ice_servers]]'


class Known(NamedTuple):
    """What this natprobe can do, so that a file that asks for more is told."""

    schemes: Collection[str]
    """The schemes of targets that can be checked."""
    checks: Collection[str]
    """The ids of all checks."""
    shortest_s: float
    """The shortest deadline that makes sense."""


def read(text: str, known: Known, lookup: Lookup) -> Deployment:
    """The deployment that `text` describes, its secrets looked up. Raises Mistakes; none of them holds a secret."""
    reading = _Reading(text, known, lookup)
    deployment = reading.deployment(parsed(text))
    if found := reading.tables.found(text):
        raise Mistakes(found)
    return deployment


class _Reading:
    """One text on its way to a deployment."""

    def __init__(self, text: str, known: Known, lookup: Lookup) -> None:
        self.tables = Tables()
        self._text = text
        self._known = known
        self._keys = keys.of_targets(known.checks, lookup, known.shortest_s)
        self._run_keys = keys.of_run(known.shortest_s)
        self._list_keys = keys.of_list(lookup)
        self._uris = keys.uris(known.schemes)
        self._groups: dict[str, dict[str, Any]] = {}
        self._entries: dict[Target, Entry] = {}
        self._paths: dict[Target, Path] = {}

    def deployment(self, value: dict[str, Any]) -> Deployment:
        """The deployment, as far as it can be read; what cannot is in `tables`."""
        self.tables.only(value, TOP, ())
        run = self.tables.table(value.get("run", {}), _readers(self._run_keys), ("run",))
        defaults = self._level(value.get("defaults", {}), ("defaults",), {})
        self._short(value, (), defaults, None)
        self._all_groups(value.get("group", {}), defaults)
        for path, each in self._list(value, "target"):
            self._long(each, path, defaults)
        for path, each in self._list(value, "ice_servers"):
            self._written(each, path, defaults)
        if not value.keys() & {"targets", "group", "target", "ice_servers"}:
            self.tables.mistake((), _NOTHING)
        return Deployment(entries=tuple(self._entries.values()), run=Run(**run))

    def _level(
        self, value: Any, path: Path, inherited: dict[str, Any], also: Mapping[str, Reader] | None = None
    ) -> dict[str, Any]:
        """What holds at one level: its own keys, and of those around it what it does not say itself."""
        own = self.tables.table(value, {**_readers(self._keys), **(also or {})}, path)
        if isinstance(value, dict):
            self._check_login(value, own, path)
        if own.keys() & set(LOGIN):  # a credential is one thing: no half of it comes from elsewhere
            inherited = {key: each for key, each in inherited.items() if key not in LOGIN}
        return inherited | own

    def _check_login(self, value: dict[str, Any], own: dict[str, Any], path: Path) -> None:
        given = [key for key in LOGIN if key in value]
        if {"password", "secret"} <= set(given):
            self.tables.mistake((*path, "secret"), "password and secret exclude each other; give one of them")
        elif given == ["user"]:
            self.tables.mistake((*path, "user"), 'a user without a password; add password = { env = "NAME" }')
        elif given == ["password"]:
            self.tables.mistake((*path, "password"), "a password without a user name; add user")
        try:
            checked_username(own.get("user", "user"))
        except CredentialError as error:
            self.tables.mistake((*path, "user"), str(error))

    def _list(self, value: dict[str, Any], key: str) -> list[tuple[Path, dict[str, Any]]]:
        """The tables of `[[key]]`, each with where it stands."""
        found = value.get(key, [])
        if not isinstance(found, list):
            self.tables.mistake((key,), f"write it with two brackets, [[{key}]]")
            return []
        for index, each in enumerate(found):
            if not isinstance(each, dict):
                self.tables.mistake((key, index), f"write it as a table, [[{key}]]")
        return [((key, index), each) for index, each in enumerate(found) if isinstance(each, dict)]

    def _all_groups(self, value: Any, defaults: dict[str, Any]) -> None:
        if not isinstance(value, dict):
            self.tables.mistake(("group",), "give each group a name, [group.NAME]")
            return
        for name, each in value.items():
            path = ("group", name)
            if not name.strip() or not name.isprintable():
                self.tables.mistake(path, "a group's name is a text that prints")
            given = each if isinstance(each, dict) else {}
            self._groups[name] = self._level(_without(each, "targets"), path, defaults)
            self._short(given, path, self._groups[name], name)

    def _short(self, value: dict[str, Any], path: Path, level: dict[str, Any], group: str | None) -> None:
        """The URIs of a list `targets`."""
        given = value.get("targets", [])
        if not isinstance(given, list) or ("targets" in value and not given):
            self.tables.value(given, self._uris, (*path, "targets"))
            return
        for index, uri in enumerate(given):
            place = (*path, "targets", index)
            found = self._target(uri, place)
            if found is not None:
                self._add(found, place, level, group)

    def _target(self, value: Any, path: Path) -> Target | None:
        found: Target | None = self.tables.value(value, target(self._known.schemes), path)
        if found is None:
            return None
        bare, secrets = without_secrets(found)
        for name, _ in secrets:
            advice = f'write query = {{ {shown(name)} = {{ env = "NAME" }} }} in [[target]]'
            self.tables.mistake(path, f"the parameter {shown(name)} is a secret, which does not stand here; {advice}")
        return bare

    def _long(self, given: dict[str, Any], path: Path, defaults: dict[str, Any]) -> None:
        """One `[[target]]`."""
        group = self._group(given, path)
        level = self._level(_without(given, "uri", "group"), path, self._groups.get(group or "", defaults))
        if "uri" not in given:
            self.tables.mistake(path, 'no uri; add uri = "turn:turn.example.org"')
            return
        found = self._target(given["uri"], (*path, "uri"))
        if found is not None:
            self._fits(given, found, path)
            self._add(found, (*path, "uri"), level, group)

    def _group(self, value: dict[str, Any], path: Path) -> str | None:
        name = value.get("group")
        if name is None or (isinstance(name, str) and name in self._groups):
            return name
        near = difflib.get_close_matches(str(name), self._groups, n=1)
        hint = f"did you mean {shown(near[0])}?" if near else "write [group.NAME] with what its targets share"
        self.tables.mistake((*path, "group"), f"there is no such group; {hint}")
        return None

    def _fits(self, value: dict[str, Any], found: Target, path: Path) -> None:
        """Notes keys that the target does not heed; what a group or the defaults say may be meant for others."""
        for key in value.keys() & self._keys.keys():
            if found.scheme not in self._keys[key].schemes:
                heeding = ", ".join(sorted(self._keys[key].schemes))
                self.tables.mistake((*path, key), f"{found.scheme} targets do not heed it; {heeding} do")

    def _written(self, given: dict[str, Any], path: Path, defaults: dict[str, Any]) -> None:
        """One `[[ice_servers]]`."""
        group = self._group(given, path)
        around = self._groups.get(group or "", defaults)
        level = self._level(_without(given, "group"), path, around, _readers(self._list_keys))
        name = level.get("name", "page")
        try:
            found = parse(f"iceservers:{name}")
        except TargetError as error:
            self.tables.mistake((*path, "name"), str(error))
            return
        self._fits(given, found, path)
        if ("servers" in given) is ("text" in given):
            self.tables.mistake(path, "give the list either as servers or as text")
            return
        text = level.get("servers") or level.get("text")
        if text is not None:
            written = Written(text=text, public=level.get("public", False))
            self._add(found, (*path, "name") if "name" in given else path, level, group, written)

    def _add(
        self, found: Target, path: Path, level: dict[str, Any], group: str | None, written: Written | None = None
    ) -> None:
        if found in self._entries:
            line = line_of(self._text, self._paths[found])
            self.tables.mistake(path, f"{shown(str(found))} stands on line {line} already; leave one of them out")
            return
        heeded = {key: each for key, each in level.items() if self._heeds(found, key)}
        self._paths[found] = path
        self._entries[found] = Entry(
            target=found,
            group=group,
            login=_login(heeded),
            expect=Expectations(**{key: each for key, each in heeded.items() if key in _EXPECTATIONS}),
            skip=heeded.get("skip", ()),
            timeout_s=heeded.get("timeout_s"),
            insecure=heeded.get("insecure", False),
            relay_ports=heeded.get("relay_port_range"),
            every_port=heeded.get("every_port", False),
            api_secret=heeded["api_secret"].value if "api_secret" in heeded else None,
            query_secrets=heeded.get("query", ()),
            written=written,
        )

    def _heeds(self, found: Target, key: str) -> bool:
        return key in self._keys and found.scheme in self._keys[key].schemes


def _login(heeded: dict[str, Any]) -> Login | None:
    kept: Kept | None = heeded.get("password") or heeded.get("secret")
    if kept is None:
        return None
    return Login(user=heeded.get("user"), secret=kept.value, minted="secret" in heeded, origin=str(kept.place))


def _readers(table: Mapping[str, Key]) -> dict[str, Reader]:
    return {key: each.kind for key, each in table.items()}


def _without(value: Any, *names: str) -> Any:
    """A table but for keys that are read elsewhere; whatever is no table stays as it is."""
    return {key: each for key, each in value.items() if key not in names} if isinstance(value, dict) else value


__all__ = ["Deployment", "Known", "Lookup", "Mistake", "Mistakes", "read"]
