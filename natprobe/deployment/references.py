"""Secrets stand in no deployment file: it says where they are kept, `{ env = "NAME" }` or `{ file = "PATH" }`."""

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, Protocol

from natprobe.credential import CredentialError, Place, Secret
from natprobe.tomlfile.readers import TEXT, Kind, Unfit

_KINDS = ("env", "file")
_SECRET_WORDS = re.compile(r"credential|password", re.IGNORECASE)
_SERVER_KEYS = ("urls", "url", "username", "credential", "password", "credentialType")
REFERENCE = {
    "type": "object",
    "properties": dict.fromkeys(_KINDS, TEXT.shape),
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": 1,
}


class Lookup(Protocol):
    """What knows the environment and the files. Both raise CredentialError: what is wrong with the place."""

    def secret(self, place: Place) -> Secret:
        """The variable, or the file's first line."""

    def text(self, place: Place) -> Secret:
        """All that stands there: it may hold credentials."""


class _Nowhere:
    def secret(self, place: Place) -> Secret:
        raise CredentialError(f"{place} is not looked up")

    text = secret


NOWHERE: Lookup = _Nowhere()
"""Finds nothing: for those who only want to know what may be written."""


class Kept(NamedTuple):
    """A secret that was looked up, and where."""

    value: Secret
    place: Place


def secret(key: str, lookup: Lookup) -> Kind:
    """A secret by reference, as Kept; `key` is what messages say to write."""

    def read(value: Any) -> Kept:
        place = _place(value, key)
        return Kept(_found(lookup.secret, place), place)

    return Kind(read, REFERENCE)


def QUERY(lookup: Lookup) -> Kind:  # noqa: N802  a kind like TEXT, but for whom it asks
    """Names of query parameters with the references to their values, as pairs."""

    def read(value: Any) -> tuple[tuple[str, Secret], ...]:
        if not isinstance(value, dict) or not value:
            raise Unfit('give a table such as { key = { env = "NAME" } }')
        return tuple((name, _inside(secret(name, lookup), each, name).value) for name, each in value.items())

    return Kind(read, {"type": "object", "minProperties": 1, "additionalProperties": REFERENCE})


def SERVERS(lookup: Lookup) -> Kind:  # noqa: N802
    """`iceServers` written as TOML, as the JSON that a page would hand to a browser."""

    def read(value: Any) -> Secret:
        if not isinstance(value, list) or not value:
            raise Unfit('give a list of entries such as { urls = "stun:stun.example.org" }')
        return Secret(json.dumps([_inside(_server(lookup), each, index) for index, each in enumerate(value)]))

    text_or_texts = {"anyOf": [TEXT.shape, {"type": "array", "items": TEXT.shape}]}
    shapes = {
        "urls": text_or_texts,
        "url": text_or_texts,
        "username": TEXT.shape,
        "credential": REFERENCE,
        "password": REFERENCE,
        "credentialType": TEXT.shape,
    }
    entry = {"type": "object", "minProperties": 1, "additionalProperties": False, "properties": shapes}
    return Kind(read, {"type": "array", "minItems": 1, "items": entry})


def JSON_TEXT(lookup: Lookup) -> Kind:  # noqa: N802
    """A list as somebody wrote it, good or bad: in the file where it holds no credential, else by reference."""

    def read(value: Any) -> Secret:
        if not isinstance(value, str):
            return _found(lookup.text, _place(value, "text"))
        if not value.strip():
            raise Unfit("it is empty; give the list as the page has it")
        if _SECRET_WORDS.search(value):
            raise Unfit('a credential stands in it; keep the text in a file, and write text = { file = "PATH" }')
        return Secret(value)

    return Kind(read, {"anyOf": [TEXT.shape, REFERENCE]})


def _server(lookup: Lookup) -> Callable[[Any], dict[str, Any]]:
    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or not value:
            raise Unfit('give a table such as { urls = "turn:turn.example.org", username = "u", credential = … }')
        return {key: _inside(partial(_member, lookup, key), each, key) for key, each in value.items()}

    return read


def _member(lookup: Lookup, key: str, value: Any) -> Any:
    if key not in _SERVER_KEYS:
        raise Unfit(f"there is no such key; known are {', '.join(_SERVER_KEYS)}")
    if key in {"credential", "password"}:
        return secret(key, lookup)(value).value.reveal()
    if key in {"urls", "url"} and isinstance(value, list):
        return [_inside(TEXT, each, index) for index, each in enumerate(value)]
    return TEXT(value)


def _inside(reader: Callable[[Any], Any], value: Any, step: str | int) -> Any:
    """Reads one part of a value; a mistake in it says which part."""
    try:
        return reader(value)
    except Unfit as unfit:
        raise Unfit(str(unfit), step, *unfit.inside) from None


def _place(value: Any, key: str) -> Place:
    advice = f'write {key} = {{ env = "NAME" }} or {key} = {{ file = "PATH" }}'
    if isinstance(value, str):
        raise Unfit(f"a secret does not stand in this file; {advice}")
    if not isinstance(value, dict) or len(value) != 1 or not value.keys() <= set(_KINDS):
        raise Unfit(f"say where it is kept: {advice}")
    kind, name = next(iter(value.items()))
    return Place(kind, _inside(TEXT, name, kind))


def _found(ask: Callable[[Place], Secret], place: Place) -> Secret:
    try:
        return ask(place)
    except CredentialError as error:
        raise Unfit(f"the {place} {error}", place.kind) from None
