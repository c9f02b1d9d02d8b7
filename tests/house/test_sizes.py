"""A file answers one question, and a function is a paragraph."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("natprobe", "reports", "tui", "benchmarks")
FILE_LINES, FUNCTION_LINES = 400, 60


def sources() -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted((ROOT / room).rglob("*.py"))


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function with its length in lines, decorators left out."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def listed(sizes: list[tuple[int, str]]) -> str:
    """The largest twenty, for the message of a failure."""
    return "\n" + "\n".join(f"{size:5} {name}" for size, name in sorted(sizes, reverse=True)[:20])


def test_no_file_is_longer_than_400_lines() -> None:
    sizes = [(len(path.read_text(encoding="utf-8").splitlines()), str(path.relative_to(ROOT))) for path in sources()]
    assert len(sizes) > 100
    assert max(sizes)[0] <= FILE_LINES, listed(sizes)


def test_no_function_is_longer_than_60_lines() -> None:
    sizes = [(size, f"{path.relative_to(ROOT)} {name}") for path in sources() for name, size in functions(path)]
    assert len(sizes) > 500
    assert max(sizes)[0] <= FUNCTION_LINES, listed(sizes)
