"""An embedded STUN and TURN server for `natprobe demo` and the tests: small, on loopback, failing on purpose."""

from natprobe.server.config import ServerConfig
from natprobe.server.core import ServerCore
from natprobe.server.faults import Fault, FaultBook, Kind
from natprobe.server.named import FAULTS, NamedFault
from natprobe.server.serve import Server, ServerError, serve

__all__ = [
    "FAULTS",
    "Fault",
    "FaultBook",
    "Kind",
    "NamedFault",
    "Server",
    "ServerConfig",
    "ServerCore",
    "ServerError",
    "serve",
]
