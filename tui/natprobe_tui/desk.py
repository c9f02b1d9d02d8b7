"""What a user asks for inside the dashboard and the dashboard cannot do itself: the command line hands it in."""

from collections.abc import Callable
from typing import Protocol

from natprobe.model import Report


class DeskError(Exception):
    """What was asked for cannot be done. The message is one line, for the user, and holds no secret."""


Older = Callable[[str], Report]
"""Reads a kept report from the file of that name. Raises DeskError."""


class Desk(Protocol):
    """What can be changed while a deployment is watched. Every method returns a phrase that says what was done."""

    @property
    def recording(self) -> str:
        """The file that the rounds are recorded in; nothing where they are not."""

    def add(self, text: str) -> str:
        """Watches one more target from the next round on. Raises DeskError where `text` is none."""

    def log_in(self, user: str, password: str, secret: str, target: str) -> str:
        """Takes a credential, a password or the shared secret that mints one, for all targets where `target` is empty.

        Raises DeskError.
        """

    def record(self, name: str) -> str:
        """Records from the next round on in a new file. Raises DeskError."""

    def stop_recording(self) -> str:
        """Ends the recording."""
