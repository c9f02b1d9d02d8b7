"""The JSON Schema of a deployment file, out of the very tables by which it is read: for editors, and for other tools.

Draft 7, as the editors' TOML plugins know it. It takes every file that natprobe takes; what only a look at the whole
file or at the system shows (a group that is not there, a variable that is not set) it does not refuse.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from natprobe.deployment import keys
from natprobe.deployment.keys import Key
from natprobe.deployment.references import NOWHERE
from natprobe.tomlfile.readers import TEXT

TITLE = "natprobe/deployment/1"
SHORTEST_S = 2.0
"""No run takes less: `natprobe.cli.options.SHORTEST_TIMEOUT_S`."""
_DRAFT = "http://json-schema.org/draft-07/schema#"


def schema() -> dict[str, Any]:
    """The schema of every file that some natprobe of this version could take."""
    level = keys.of_targets((), NOWHERE, SHORTEST_S)
    uris = {**keys.uris(keys.DIALLED).shape, "description": "Targets that need no more than their URI."}
    uri = {**keys.uris(keys.DIALLED).shape["items"], "description": "What is checked."}
    group = {"group": {**TEXT.shape, "description": "Takes what [group.NAME] says, and is shown under that name."}}
    listed = {**_properties(level), **_properties(keys.of_list(NOWHERE)), **group}
    return {
        "$schema": _DRAFT,
        "title": TITLE,
        "description": "What belongs to a WebRTC deployment, for natprobe check -d.",
        **_table(
            {
                "run": _table(_properties(keys.of_run(SHORTEST_S))),
                "defaults": _level(_properties(level)),
                "targets": uris,
                "group": {
                    "type": "object",
                    "additionalProperties": _level({"targets": uris, **_properties(level)}),
                },
                "target": _tables({**_level({"uri": uri, **group, **_properties(level)}), "required": ["uri"]}),
                "ice_servers": _tables(
                    {**_level(listed), "oneOf": [{"required": ["servers"]}, {"required": ["text"]}]}
                ),
            }
        ),
        "anyOf": [{"required": [name]} for name in ("targets", "group", "target", "ice_servers")],
    }


def render_schema() -> str:
    """`schema` as indented text: what `natprobe init --schema` prints."""
    return msgspec.json.format(msgspec.json.encode(schema()), indent=2).decode() + "\n"


def _properties(table: Mapping[str, Key]) -> dict[str, Any]:
    return {name: {**key.kind.shape, "description": _told(key)} for name, key in table.items()}


def _told(key: Key) -> str:
    """The key's sentence, and for which targets it is meant."""
    if key.schemes == keys.EVERY:
        return key.meaning
    return f"{key.meaning} For {', '.join(sorted(key.schemes))}."


def _table(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _level(properties: dict[str, Any]) -> dict[str, Any]:
    """A table that may hold a credential: a user with a password, or a secret."""
    return {
        **_table(properties),
        "dependencies": {
            "password": ["user"],
            "user": {"anyOf": [{"required": ["password"]}, {"required": ["secret"]}]},
        },
        "not": {"required": ["password", "secret"]},
    }


def _tables(table: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": table}
