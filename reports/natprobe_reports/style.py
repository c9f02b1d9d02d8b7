"""How shall a report look? The reader's terminal, as a value: nothing here asks the environment."""

from typing import NamedTuple

MINIMUM_WIDTH = 40


class Style(NamedTuple):
    """What the place where a report is read can show. The default suits a pipe."""

    colour: bool = False
    """Whether ANSI colour is written. No meaning hangs on it."""
    width: int = 80
    """Columns; fewer than 40 are taken as 40. Commands and URIs are never broken, so that they can be copied."""
    verbose: bool = False
    """Whether infos, every rung's sentence, and the limits of the vantage point are shown."""
    unicode: bool = True
    """Whether anything but ASCII can be shown."""


PLAIN = Style()
