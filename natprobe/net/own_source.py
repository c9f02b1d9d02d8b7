"""Does this system hand over a packet that claims to come from itself? Most take it for a forged one."""

import sys
from pathlib import Path

from natprobe.net.trouble import Family

_ACCEPT_LOCAL = Path("/proc/sys/net/ipv4/conf/all/accept_local")


def takes_own_source(family: Family) -> bool:
    """Whether a packet from outside whose source is an address of this host gets to its socket. False: not for sure.

    Linux drops it over IPv4 (a "martian") where the sysctl `accept_local` is not set, and takes it over IPv6. What
    other systems do is not known here.
    """
    if sys.platform != "linux":
        return False
    return family == 6 or _accepts_local()


def _accepts_local() -> bool:
    try:
        return _ACCEPT_LOCAL.read_text(encoding="ascii").strip() == "1"
    except (OSError, ValueError):
        return False
