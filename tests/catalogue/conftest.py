from pathlib import Path

import pytest

from natprobe.catalogue import Catalogue, load


@pytest.fixture
def catalogue() -> Catalogue:
    return load()


@pytest.fixture
def promised_ids() -> list[str]:
    return (Path(__file__).parent / "ids.txt").read_text(encoding="utf-8").split()
