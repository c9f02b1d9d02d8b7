"""Where does this run take place?"""

import platform
import socket
import sys
from datetime import UTC, datetime

from natprobe.address import Address
from natprobe.model import Vantage
from natprobe.net.sockets import source_address_for

# Routing alone is asked, nothing is sent there: documentation addresses (RFC 5737, RFC 3849) stand for "anywhere".
_ANYWHERE = (Address("192.0.2.1", 9), Address("2001:db8::1", 9))
_NO_ICMP = "this system does not tell who sent an ICMP error: refused and unreachable may show as silence"


def vantage(*limits: str) -> Vantage:
    """This host: its name, its platform, the source addresses that it would use, and what it cannot observe.

    `limits` is what the probes of this run cannot observe beside that.
    """
    sources = (source_address_for(remote) for remote in _ANYWHERE)
    return Vantage(
        hostname=socket.gethostname(),
        platform=f"{platform.system()} {platform.release()} {platform.machine()}",
        addresses=tuple(source.host for source in sources if source),
        limits=(*(() if sys.platform == "linux" else (_NO_ICMP,)), *limits),
    )


def utc_now() -> str:
    """Now, as RFC 3339 UTC with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
