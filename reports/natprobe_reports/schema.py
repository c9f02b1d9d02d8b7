"""The JSON Schema of natprobe/report/1, made from the model and from the types of evidence that the probes declare.

Objects may hold more than the schema names: a reader of version 1 reads what a later natprobe adds.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from natprobe.model import SCHEMA, Report
from natprobe_reports.json import ALWAYS_WRITTEN

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE = "#/$defs/{name}"

Schema = dict[str, Any]


def json_schema(evidence: Mapping[str, type]) -> Schema:
    """The schema (2020-12), with the evidence of each check id in `evidence` described by its type."""
    kinds = tuple(dict.fromkeys(evidence.values()))
    (report, *others), definitions = msgspec.json.schema_components((Report, *kinds), ref_template=_REFERENCE)
    by_kind = dict(zip(kinds, others, strict=True))
    for name, fields in ALWAYS_WRITTEN.items():
        _require(definitions[name], fields)
    definitions["Report"]["properties"]["schema"] = {"const": SCHEMA}
    definitions["Check"]["allOf"] = [_evidence_of(name, by_kind[kind]) for name, kind in sorted(evidence.items())]
    definitions["NoEvidence"] = _NO_EVIDENCE
    return {
        "$schema": _DIALECT,
        "$id": SCHEMA,
        "title": "A report of natprobe",
        **report,
        "$defs": dict(sorted(definitions.items())),
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


def _require(definition: Schema, fields: tuple[str, ...]) -> None:
    required = {*definition.get("required", ()), *fields}
    definition["required"] = [name for name in definition["properties"] if name in required]


def _evidence_of(check: str, kind: Schema) -> Schema:
    either = {"anyOf": [kind, {"$ref": _REFERENCE.format(name="NoEvidence")}]}
    return {
        "if": {"properties": {"id": {"const": check}}, "required": ["id"]},
        "then": {"properties": {"evidence": either}},
    }
