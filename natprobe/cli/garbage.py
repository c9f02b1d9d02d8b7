"""How often is memory looked through for garbage? Seldom, and never what was imported, as that stays."""

import gc

_OBJECTS = 30_000
"""So many new objects, some 3 MiB of them, before they are looked through; Python's own number is 700."""


def look_seldom() -> None:
    """For a process of our own: what it has imported lives as long as it does. It is a fifth of a check's start."""
    gc.set_threshold(_OBJECTS)


def leave_what_is_there() -> None:
    """Looks through newer objects alone from now on.

    A dashboard's imports take 50 ms each time, for which a key would wait; at a process' end the system takes
    everything back.
    """
    gc.freeze()
