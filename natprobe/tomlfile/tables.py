"""Reads tables by the readers of their keys, and goes on past a mistake: all of them are told at once."""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from natprobe.target.errors import shown
from natprobe.tomlfile.lines import Path, lines, nearest
from natprobe.tomlfile.readers import Reader, Unfit

LONGEST = 200_000
_SYNTAX = re.compile(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)")


class Mistake(NamedTuple):
    """One thing that is wrong, and where."""

    line: int
    where: str
    """The key, dotted; empty for the file as a whole."""
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {f'{self.where}: ' if self.where else ''}{self.reason}"


class Mistakes(ValueError):  # noqa: N818  it is a list of them
    """The file is wrong: every mistake, in the file's order. None holds a secret."""

    def __init__(self, found: Iterable[Mistake]) -> None:
        self.found = tuple(sorted(found))
        super().__init__("; ".join(map(str, self.found)))


def parsed(text: str) -> dict[str, Any]:
    """The value of a TOML text. Raises Mistakes with the one that ends the reading."""
    if len(text) > LONGEST:
        raise Mistakes([Mistake(1, "", f"longer than {LONGEST} characters: no configuration is")])
    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise Mistakes([_syntax(str(error), text)]) from None
    except RecursionError:
        raise Mistakes([Mistake(1, "", "nested too deeply: no configuration is")]) from None


def _syntax(message: str, text: str) -> Mistake:
    match = _SYNTAX.fullmatch(message)
    line = int(match[2]) if match and match[2] else text.rstrip().count("\n") + 1
    return Mistake(line, "", f"no TOML: {match[1] if match else message}")


class Tables:
    """What reads the tables of one text, and keeps the mistakes."""

    def __init__(self) -> None:
        self._mistakes: list[tuple[Path, str]] = []

    def mistake(self, path: Path, reason: str) -> None:
        """Notes one."""
        self._mistakes.append((path, reason))

    def found(self, text: str) -> tuple[Mistake, ...]:
        """The mistakes that were noted, with their lines in `text`, in the file's order."""
        if not self._mistakes:
            return ()
        places = lines(text)
        told = (Mistake(nearest(places, path), shown(dotted(path)), why) for path, why in self._mistakes)
        return tuple(sorted(dict.fromkeys(told)))

    def table(
        self, value: Any, readers: Mapping[str, Reader], path: Path, also: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """What stands under the keys of `readers`; `also` may stand there, and is read by somebody else."""
        if not isinstance(value, dict):
            self.mistake(path, f"write it as a table, [{shown(dotted(path))}]")
            return {}
        self.only(value, (*readers, *also), path)
        read = {key: self.value(value[key], readers[key], (*path, key)) for key in readers if key in value}
        return {key: each for key, each in read.items() if each is not None}

    def value(self, value: Any, reader: Reader, path: Path) -> Any:
        """`value` as `reader` takes it; None where that is a mistake."""
        try:
            return reader(value)
        except Unfit as unfit:
            self.mistake((*path, *unfit.inside), str(unfit))
            return None

    def only(self, value: dict[str, Any], known: tuple[str, ...], path: Path) -> None:
        """Notes every key that nobody reads."""
        for key in value.keys() - set(known):
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            self.mistake((*path, key), f"there is no such key; {hint}")


def dotted(path: Path) -> str:
    """`modules.turn.targets[1]`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
