"""Is what docs/prometheus.md says of the configuration and the metrics so?"""

import re
from pathlib import Path, PurePath

import pytest

from natprobe.exporter.config import Limits, Module
from natprobe.exporter.fields import LIMITS, no_secret, of_allowance, of_module
from natprobe.exporter.reading import ConfigError, read_config
from natprobe.target import parse
from tests.examples.exported import exported

PAGE = (Path(__file__).parents[2] / "docs" / "prometheus.md").read_text(encoding="utf-8")
SCHEMES = frozenset({"stun", "stuns", "turn", "turns"})


def example() -> str:
    found = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_example_is_read_and_its_limits_are_the_defaults() -> None:
    config = read_config(example(), schemes=SCHEMES, folder=PurePath())
    assert config.limits == Limits()
    assert config.modules[0].permits(parse("turn:eu.turn.example.org:5349"))


def test_every_key_is_told() -> None:
    module = {key for key, reader in of_module(SCHEMES, 2).items() if reader is not no_secret}
    keys = (*LIMITS, *of_allowance(SCHEMES), *module)
    untold = [key for key in keys if not re.search(rf"`{key}`|^{key} =", PAGE, re.MULTILINE)]
    assert untold == []


def test_the_default_of_the_timeout_is_the_one_that_is_told() -> None:
    assert f"(default {Module(name='m').timeout_s:g})" in PAGE


def test_the_mistake_that_is_shown_is_told_like_that() -> None:
    said = re.search(r"natprobe\.toml: (line 4: .*)", PAGE)
    assert said is not None
    with pytest.raises(ConfigError) as raised:
        read_config(
            '[modules.turn]\ntargets = ["turn:turn.example.org"]\n\ntimout_s = 8\n', schemes=SCHEMES, folder=PurePath()
        )
    assert str(raised.value) == said[1]


def test_every_metric_that_is_told_is_exported() -> None:
    told = set(re.findall(r"\b((?:natprobe|probe)_[a-z_]+)", PAGE))
    known = {name.removesuffix(end) for name in exported() for end in ("", "_count", "_info")}
    assert len(told) > 12
    assert told <= known
