"""Cases run ahead here as they do in the ladder's tests."""

from tests.ladder.conftest import outcome, pytest_runtest_protocol, pytest_sessionfinish

__all__ = ["outcome", "pytest_runtest_protocol", "pytest_sessionfinish"]
