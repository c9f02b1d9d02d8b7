"""What this machine lets the lab do, in words that can be shown."""

import functools
import os
import subprocess
import uuid
from typing import Literal

from tests.lab.namespace import PATH, tool

Need = Literal["lab", "tun", "chromium", "tshark"]
_PROGRAMS = ("ip", "nft", "nsenter", "unshare", "turnserver", "openssl")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@functools.cache
def missing(need: str) -> str | None:
    """Why tests with this marker cannot run; None where they can."""
    return {"lab": _no_lab, "tun": _no_tun, "chromium": _no_chromium, "tshark": _no_tshark}[need]()


def _no_lab() -> str | None:
    absent = [name for name in _PROGRAMS if tool(name) is None]
    if absent:
        return f"not installed: {', '.join(absent)}"
    name = f"np{os.getpid()}-{uuid.uuid4().hex[:6]}"
    tried = _try("ip", "netns", "add", name) or _try("nsenter", f"--net=/run/netns/{name}", "nft", "list", "ruleset")
    _try("ip", "netns", "del", name)
    return f"no network namespaces here ({tried})" if tried else None


def _no_tun() -> str | None:
    try:
        os.close(os.open("/dev/net/tun", os.O_RDWR))
    except OSError as trouble:
        return f"/dev/net/tun: {trouble.strerror}"
    return None


def _no_chromium() -> str | None:
    return None if any(tool(name) for name in BROWSERS) else f"not installed: {' or '.join(BROWSERS)}"


def _no_tshark() -> str | None:
    return None if tool("tshark") else "not installed: tshark"


def _try(*command: str) -> str | None:
    """None where the command works, its own words where not."""
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PATH": PATH}, check=False)
    return (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1] if done.returncode else None
