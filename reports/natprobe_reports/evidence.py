"""A check's evidence as flat lines: `sends: 3`, `answer.code: 401`. It nests as deep as the probe's type does."""

from collections.abc import Iterator, Mapping
from typing import Any

_DEEPEST = 12
_WORDS = {None: "unknown", True: "yes", False: "no"}


def evidence_lines(evidence: Mapping[str, Any]) -> Iterator[str]:
    """One line a value, named by its path; a list of plain values is one line."""
    for path, value in _leaves(evidence, "", 0):
        yield f"{path}: {_shown(value)}"


def numbers(evidence: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The numbers in it by path; yes is 1 and no is 0. Lists are left out, and what is not known."""
    for path, value in _leaves(evidence, "", 0):
        if isinstance(value, int | float):
            yield path, float(value)


def _leaves(value: Any, path: str, depth: int) -> Iterator[tuple[str, Any]]:
    if depth < _DEEPEST and isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(item, f"{path}.{name}" if path else str(name), depth + 1)
        return
    if depth < _DEEPEST and isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]", depth + 1)
        return
    yield path, value


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value)) or "none"
    return _WORDS[value] if value is None or isinstance(value, bool) else str(value)
