"""A call with another machine: gathers, lets a messenger carry the two lines, and has the call judged."""

from natprobe.connecting.run import Party, connect

__all__ = ["Party", "connect"]
