"""The sentences that stand below the fields of the model and of the evidence, for the schema's `description`.

They are written as the string below a field, which Python does not keep at run time: they are read from the source.
Where a program was shipped without it the schema has fewer words, and is the same otherwise.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect as types


def structs(kinds: tuple[type, ...]) -> dict[str, type]:
    """Every struct that `kinds` are made of, by short and by full name; a short name may be any of several structs."""
    found: dict[type, None] = {}
    for kind in types.multi_type_info(kinds):
        _collect(kind, found)
    full = {f"{struct.__module__}.{struct.__qualname__}": struct for struct in found}
    return {struct.__name__: struct for struct in found} | full


def field_sentences(struct: type) -> dict[str, str]:
    """The sentence below each field of `struct`; empty where the source cannot be read."""
    try:
        source = textwrap.dedent(inspect.getsource(struct))
    except (OSError, TypeError):
        return {}
    (definition,) = ast.parse(source).body
    return dict(_sentences(definition)) if isinstance(definition, ast.ClassDef) else {}


def _sentences(definition: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, below in zip(definition.body, definition.body[1:], strict=False):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(sentence))):
                yield name, inspect.cleandoc(sentence)


def _collect(kind: Any, found: dict[type, None]) -> None:
    if isinstance(kind, types.StructType):
        if kind.cls in found:
            return
        found[kind.cls] = None
    if isinstance(kind, tuple):
        inner: tuple[Any, ...] = kind
    elif isinstance(kind, types.Type | types.Field):
        inner = tuple(msgspec.structs.asdict(kind).values())
    else:
        return
    for part in inner:
        _collect(part, found)
