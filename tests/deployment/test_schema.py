"""Does the published schema say what the code reads, and do the examples hold?"""

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from natprobe.cli.options import SHORTEST_TIMEOUT_S
from natprobe.credential import Place, Secret
from natprobe.deployment import Deployment, Known, read
from natprobe.deployment.keys import DIALLED
from natprobe.deployment.schema import SHORTEST_S, render_schema, schema
from natprobe.probes import all_probes
from natprobe.tomlfile import Mistakes
from tests.deployment.test_reading import CHANGED
from tests.deployment.texts import FULL, deployment

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = sorted(EXAMPLES.glob("*.toml"))
ONLY_READING_TELLS = (
    "is empty, or not there",
    "stands on line",
    "there is no such group",
    "do not heed it",
    "not a port",
    "port 0",
    "no slashes",
    "has no scheme",
    "nameserver",
    "give the page's address",
    "give one of dns.resolve",
    "range of ports",
    "white space",
    "is a secret",
    "longer than 508",
    "without line ends",
    "a credential stands in it",
    "it is empty; give the list",
)
"""What takes a look at the system, at the whole file, or into a text."""


class Anything:
    """Finds a secret wherever it is asked for."""

    def secret(self, place: Place) -> Secret:
        """Some text."""
        return Secret(f"kept in {place.name}")

    text = secret


def parsed(path: Path) -> Deployment:
    checks = frozenset(probe.id for probe in all_probes())
    return read(path.read_text(encoding="utf-8"), Known(DIALLED, checks, SHORTEST_TIMEOUT_S), Anything())


def refusals(text: str) -> list[str]:
    errors = jsonschema.Draft7Validator(schema()).iter_errors(tomllib.loads(text))
    return [error.message for error in errors]


def test_the_published_schema_is_that_of_the_code() -> None:
    published = EXAMPLES / "deployment.schema.json"
    assert published.read_text() == render_schema(), "natprobe init --schema > examples/deployment.schema.json"
    jsonschema.Draft7Validator.check_schema(json.loads(render_schema()))
    assert SHORTEST_S == SHORTEST_TIMEOUT_S


def test_there_is_an_example_for_each_of_four_deployments() -> None:
    assert [path.name for path in FILES] == ["apprtc.toml", "media-docker.toml", "meeting-sfu.toml", "one-to-one.toml"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_example_is_read_without_a_mistake_and_the_schema_takes_it(path: Path) -> None:
    assert refusals(path.read_text()) == []
    found = parsed(path)
    assert {target.host for target in found.targets if target.scheme != "iceservers"} == {found.targets[0].host}
    assert found.targets[0].host.endswith(".example.org")
    assert all(entry.login is not None for entry in found.entries if entry.target.scheme in {"turn", "turns"})
    assert any(entry.expect.closed for entry in found.entries)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_example_says_how_it_is_run_with_each_variable_that_it_wants(path: Path) -> None:
    command = next(line for line in path.read_text(encoding="utf-8").splitlines() if "natprobe check -d" in line)
    assert command.endswith(f"natprobe check -d {path.name}")
    assert {word.partition("=")[0] for word in command.split() if "=…" in word} == set(_variables(path))


def _variables(path: Path) -> list[str]:
    asked: list[str] = []

    class Listening(Anything):
        def secret(self, place: Place) -> Secret:
            asked.append(place.name)
            return Secret("x")

    read(path.read_text(encoding="utf-8"), Known(DIALLED, (), SHORTEST_TIMEOUT_S), Listening())
    return asked


def test_the_schema_takes_a_file_with_every_key() -> None:
    assert refusals(FULL) == []
    assert deployment(FULL)


@pytest.mark.parametrize(("old", "new", "said"), CHANGED)
def test_the_schema_refuses_what_reading_refuses_but_for_what_only_reading_can_tell(
    old: str, new: str, said: str
) -> None:
    text = FULL.replace(old, new, 1)
    with pytest.raises(Mistakes) as raised:
        deployment(text)
    told = [mistake.reason for mistake in raised.value.found if str(mistake).startswith(said) or said in str(mistake)]
    assert bool(refusals(text)) or any(words in told[0] for words in ONLY_READING_TELLS), told


@pytest.mark.parametrize("value", [{}, {"targets": "turn:a"}, {"target": [{}]}, {"ice_servers": [{"name": "a"}]}])
def test_the_schema_refuses_what_holds_no_deployment(value: dict[str, Any]) -> None:
    assert list(jsonschema.Draft7Validator(schema()).iter_errors(value))


def test_every_key_says_what_it_means() -> None:
    def check(node: Any) -> None:
        if isinstance(node, dict):
            for name, each in node.get("properties", {}).items():
                assert name in {"env", "file", *_OF_BROWSERS, *schema()["properties"]} or each["description"]
            for each in node.values():
                check(each)

    check(schema())


_OF_BROWSERS = ("urls", "url", "username", "credential", "password", "credentialType")
