"""A difference as JSON, schema natprobe/diff/1, and its JSON Schema. Every field is written; unknown is null."""

from typing import Any

import msgspec

from natprobe.difference import SCHEMA, Difference
from natprobe_reports.clean import whole
from natprobe_reports.json import printed
from natprobe_reports.schema_words import field_sentences, structs
from natprobe_reports.style import Style

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def render(difference: Difference, style: Style) -> str:  # noqa: ARG001  the JSON is the same everywhere
    """Indented, with a line break at its end."""
    return _text(_whole(msgspec.to_builtins(difference)))


def render_schema() -> str:
    """What `natprobe diff --schema` prints (2020-12). Objects may hold more than it names."""
    reference, definitions = msgspec.json.schema_components((Difference,), ref_template="#/$defs/{name}")
    for name, struct in structs((Difference,)).items():
        if name in definitions:
            definitions[name]["required"] = _always_written(struct, definitions[name])
            for field, sentence in field_sentences(struct).items():
                definitions[name]["properties"][field]["description"] = sentence
    definitions["Difference"]["properties"]["schema"] = {"const": SCHEMA}
    head = {"$schema": _DIALECT, "$id": SCHEMA, "title": "A difference between two reports of natprobe"}
    return _text({**head, **reference[0], "$defs": dict(sorted(definitions.items()))})


def _always_written(struct: type, definition: dict[str, Any]) -> list[str]:
    """A difference writes every field; the findings in it are the report's, which leave out what they do not know."""
    if getattr(struct, "__struct_config__").omit_defaults:  # noqa: B009  msgspec's own way to ask
        return list(definition.get("required", ()))
    return list(definition["properties"])


def _text(value: Any) -> str:
    return printed(msgspec.json.encode(value))


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, list | tuple):
        return [_whole(item) for item in value]
    return {name: _whole(item) for name, item in value.items()} if isinstance(value, dict) else value
