"""Is the line of a key the line on which it stands, whatever TOML is around it?"""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from natprobe.tomlfile.lines import Path, line_of, lines

AROUND = st.lists(
    st.sampled_from(
        [
            "",
            "  # k1 = 2 [",
            "x = [\n1,\n\n2] # [",
            'y = """\nk1 = 3\n["""',
            "y2 = '''\n[[k1]]\n'''",
            'y3 = """a\\""""',
            "[t]",
            "[[u]]",
            "  [ v . 'w' ]",
            '"a.b" = 1979-05-27T07:32:00Z # #',
            "z = { a = 1, b = [2, { c = ']' }] }",
            "q.r . s = '#'",
        ]
    ),
    unique=True,
)


def holds(value: Any, path: Path) -> bool:
    for step in path:
        value = value[step]
    return value is not None


def paths(value: Any, here: Path = ()) -> set[Path]:
    """Every key and every item of a parsed text."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {path for key, each in pairs for path in ((*here, key), *paths(each, (*here, key)))}


@given(AROUND)
def test_the_line_of_a_key_is_its_own_and_an_items_too(before: list[str]) -> None:
    head = "\n".join([*before, "[here]"])
    text = f"{head}\nk1 = [\n  1,\n]\nk2 = 1\n"
    line = len(head.split("\n"))
    assert line_of(text, ("here", "k1")) == line + 1
    assert line_of(text, ("here", "k1", 0)) == line + 2
    assert line_of(text, ("here", "k2")) == line + 4


@given(AROUND)
def test_every_key_and_item_that_tomllib_reads_is_found_and_nothing_else(pieces: list[str]) -> None:
    text = "\n".join(pieces)
    assert set(lines(text)) == paths(tomllib.loads(text))


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("", ("a",), 1),
        ("\n[a]\n\n", ("a", "b", 3), 2),
        ("[[a]]\nb = 1\n[[a]]\nb = 2\n[a.c]\nd = 1\n", ("a", 1, "b"), 4),
        ("[[a]]\nb = 1\n[[a]]\nb = 2\n[a.c]\nd = 1\n", ("a", 1, "c", "d"), 6),
        ("[[a]]\n[[a.b]]\nc = 1\n[[a.b]]\nc = 2\n", ("a", 0, "b", 1, "c"), 5),
        ("a = {\tb = 1,c = [\n\n{d=2} ] }", ("a", "c", 0, "d"), 3),
        ("\r\n'k 1' = 1\r\n\"k\\t2\" = 2\r\n", ("k\t2",), 3),
    ],
)
def test_what_is_not_there_has_the_line_of_what_is_around_it(text: str, path: Path, line: int) -> None:
    tomllib.loads(text)
    assert line_of(text, path) == line
