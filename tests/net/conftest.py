"""What the tests of natprobe/net share: a clock, a trace that keeps packets, certificates, a small wild network."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from natprobe.events import Packet
from natprobe.net.clock import Clock
from tests.net.wild import Wild


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def packets() -> list[Packet]:
    return []


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "root.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture(scope="module")
def network() -> Iterator[Wild]:
    wild = Wild()
    try:
        yield wild
    finally:
        wild.close()


@pytest.fixture
def in_the_wild(network: Wild) -> Iterator[Wild]:
    with network.inside():
        yield network
