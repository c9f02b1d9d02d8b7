"""ICE candidates as values (RFC 8445 section 5.1, RFC 8839 section 5.1). Pure: nothing here gathers."""

from natprobe.ice.candidate import Base, Reflexive, Relayed, host, reflexive, relayed
from natprobe.ice.line import LineError, parse_line, to_line
from natprobe.ice.prune import Seen

__all__ = [
    "Base",
    "LineError",
    "Reflexive",
    "Relayed",
    "Seen",
    "host",
    "parse_line",
    "reflexive",
    "relayed",
    "to_line",
]
