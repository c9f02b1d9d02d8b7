"""What is to be checked: the URI grammar of every target, there and back."""

from natprobe.target.errors import TargetError
from natprobe.target.grammar import parse
from natprobe.target.schemes import SCHEMES, Scheme, TransportName, default_port
from natprobe.target.secrets import without_secrets
from natprobe.target.value import Target, transports

__all__ = [
    "SCHEMES",
    "Scheme",
    "Target",
    "TargetError",
    "TransportName",
    "default_port",
    "parse",
    "transports",
    "without_secrets",
]
