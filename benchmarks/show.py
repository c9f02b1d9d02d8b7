"""Rows of figures as a table for a person, or as JSON."""

import argparse
import json
from collections.abc import Mapping, Sequence

Row = Mapping[str, str | float | None]


def arguments(description: str | None, runs: int) -> argparse.Namespace:
    """`--runs` and `--json`, which every benchmark has."""
    return parser(description, runs).parse_args()


def parser(description: str | None, runs: int) -> argparse.ArgumentParser:
    """The same, for a benchmark that has more options."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--runs", type=int, default=runs, help="how often each figure is taken (default: %(default)s)")
    options.add_argument("--json", action="store_true", help="print JSON")
    return options


def show(rows: Sequence[Row], *, as_json: bool) -> None:
    """Prints `rows`, which have the same keys."""
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    cells = [tuple(rows[0]), *(tuple(_cell(value) for value in row.values()) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        print("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))


def _cell(value: str | float | None) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else f"{value:.2f}" if value < 10 else f"{value:.1f}"
