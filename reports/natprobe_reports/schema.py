"""The JSON Schema of natprobe/report/1, made from the model and from the types of evidence that the probes declare.

Objects may hold more than the schema names: a reader of version 1 reads what a later natprobe adds.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from natprobe.model import SCHEMA, Report
from natprobe_reports.json import ALWAYS_WRITTEN
from natprobe_reports.schema_words import field_sentences, structs

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DEFINITIONS = "#/$defs/"

Schema = dict[str, Any]


def json_schema(evidence: Mapping[str, type]) -> Schema:
    """The schema (2020-12), with the evidence of each check id in `evidence` described by its type."""
    checks = sorted(evidence.items())
    kinds = (Report, *dict.fromkeys(evidence.values()))
    references, definitions = msgspec.json.schema_components(kinds, ref_template=f"{_DEFINITIONS}{{name}}")
    reference_of = dict(zip(kinds, references, strict=True))
    _describe(definitions, kinds)
    for name, fields in ALWAYS_WRITTEN.items():
        _require(definitions[name], fields)
    definitions["Report"]["properties"]["schema"] = {"const": SCHEMA}
    definitions["Check"]["allOf"] = [_evidence_of(name, reference_of[kind]) for name, kind in checks]
    definitions["NoEvidence"] = _NO_EVIDENCE
    names = {_name(reference_of[kind]): f"evidence-{name}" for name, kind in reversed(checks)}
    return {
        "$schema": _DIALECT,
        "$id": SCHEMA,
        "title": "A report of natprobe",
        **reference_of[Report],
        "$defs": _renamed(definitions, names),
    }


def render_schema(evidence: Mapping[str, type]) -> str:
    """`json_schema` as indented text: what `natprobe report --schema` prints."""
    return msgspec.json.format(msgspec.json.encode(json_schema(evidence)), indent=2).decode() + "\n"


_NO_EVIDENCE: Schema = {
    "title": "NoEvidence",
    "description": "What a check holds that ended before it saw anything: nothing, or the trace of a fault of ours.",
    "type": "object",
    "anyOf": [{"maxProperties": 0}, {"required": ["trace"]}],
}


def _describe(definitions: dict[str, Schema], kinds: tuple[type, ...]) -> None:
    for name, struct in structs(kinds).items():
        if name in definitions:
            for field, sentence in field_sentences(struct).items():
                definitions[name]["properties"][field]["description"] = sentence


def _require(definition: Schema, fields: tuple[str, ...]) -> None:
    required = {*definition.get("required", ()), *fields}
    definition["required"] = [name for name in definition["properties"] if name in required]


def _evidence_of(check: str, kind: Schema) -> Schema:
    either = {"anyOf": [kind, {"$ref": f"{_DEFINITIONS}NoEvidence"}]}
    return {
        "if": {"properties": {"id": {"const": check}}, "required": ["id"]},
        "then": {"properties": {"evidence": either}},
    }


def _name(reference: Schema) -> str:
    return str(reference["$ref"]).removeprefix(_DEFINITIONS)


def _renamed(definitions: dict[str, Schema], names: Mapping[str, str]) -> dict[str, Schema]:
    """The definitions in order, with the evidence of a check under the name of that check."""
    for old, new in names.items():
        definitions[old]["title"] = new
    renamed = {names.get(name, name): _with_names(definition, names) for name, definition in definitions.items()}
    return dict(sorted(renamed.items()))


def _with_names(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_with_names(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _DEFINITIONS + names.get(_name(value), _name(value)) if key == "$ref" else _with_names(item, names)
        for key, item in value.items()
    }
