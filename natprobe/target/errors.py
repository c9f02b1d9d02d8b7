"""A target that cannot be read: one line that says what is wrong, where, and what to write instead."""

LONGEST_SHOWN = 80


class TargetError(ValueError):
    """The text is not a target. The message is one line and never holds a password."""


def shown(text: str) -> str:
    """`text` cut to a readable length, with everything that does not print escaped, for a one-line message."""
    cut = text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in cut)
