"""Are reports/examples what the renderers write? NATPROBE_REWRITE_EXAMPLES=1 in the environment writes them anew."""

import os
from pathlib import Path

import pytest

from natprobe.probes import evidence_types
from natprobe_reports import PLAIN, RENDERERS
from natprobe_reports.schema import render_schema
from tests.reports.example_deployment import deployment
from tests.reports.example_hosts import several_hosts
from tests.reports.example_reports import EXAMPLES as REPORTS_OF_SERVERS

EXAMPLES = REPORTS_OF_SERVERS | {"deployment": deployment}
REPORTS = Path(__file__).parents[2] / "reports"
EXTENSIONS = {
    "json": "json",
    "text": "txt",
    "junit": "junit.xml",
    "markdown": "md",
    "github": "github.txt",
    "nagios": "nagios.txt",
    "openmetrics": "prom",
    "html": "html",
}
SEVERAL = "several-hosts.html"
WITHOUT_EXAMPLES: frozenset[str] = frozenset()


def compare(path: Path, text: str) -> None:
    """Holds the file against `text`, byte for byte, or writes it where that is asked for."""
    if os.environ.get("NATPROBE_REWRITE_EXAMPLES"):
        path.write_bytes(text.encode())
    assert path.read_bytes().decode() == text


@pytest.mark.parametrize("form", EXTENSIONS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_what_the_renderer_writes(name: str, form: str) -> None:
    compare(REPORTS / "examples" / f"{name}.{EXTENSIONS[form]}", RENDERERS[form](EXAMPLES[name](), PLAIN))


def test_the_page_of_several_hosts_is_what_the_renderer_writes() -> None:
    compare(REPORTS / "examples" / SEVERAL, several_hosts())


def test_the_schema_file_is_made_from_the_model() -> None:
    compare(REPORTS / "schema" / "report-1.schema.json", render_schema(evidence_types()))


def test_every_format_has_examples() -> None:
    assert set(RENDERERS) == set(EXTENSIONS) | WITHOUT_EXAMPLES


def test_no_example_is_left_over() -> None:
    expected = {f"{name}.{extension}" for name in EXAMPLES for extension in EXTENSIONS.values()}
    assert {path.name for path in (REPORTS / "examples").iterdir()} == expected | {SEVERAL}
