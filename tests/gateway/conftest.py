"""A fixture of tests/net serves here as well: a small wild network."""

from tests.net.conftest import in_the_wild, network

__all__ = ["in_the_wild", "network"]
