"""The fixtures of tests/net serve here as well: a small wild network, and certificates."""

from tests.net.conftest import authority, ca_file, in_the_wild, network

__all__ = ["authority", "ca_file", "in_the_wild", "network"]
