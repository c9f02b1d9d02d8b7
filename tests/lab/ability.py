"""What this machine lets the lab do, in words that can be shown."""

import functools
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Literal

from tests.lab.namespace import PATH, tool

Need = Literal["lab", "tun", "deployments", "chromium", "tshark", "prometheus", "systemd", "tmux", "jenkins"]
_PROGRAMS = ("ip", "nft", "nsenter", "unshare", "turnserver", "openssl")
_OF_NEED = {
    "tshark": ("tshark",),
    "prometheus": ("prometheus", "promtool"),
    "systemd": ("systemd-analyze",),
    "tmux": ("tmux",),
}
JUNIT_SCHEMA = Path(sys.prefix) / "junit-schema" / "tests" / "vendor" / "jenkins" / "xunit-plugin"
"""Where scripts/test puts what Jenkins publishes."""
NODE_PACKAGES = Path(__file__).parent / "node" / "node_modules" / "made-from"
"""Written last, when all are there."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@functools.cache
def missing(need: str) -> str | None:
    """Why tests with this marker cannot run; None where they can."""
    looks = {
        "lab": _no_lab,
        "tun": _no_tun,
        "chromium": _no_chromium,
        "deployments": _no_deployments,
        "jenkins": _no_junit_schema,
    }
    return looks[need]() if need in looks else _absent(*_OF_NEED[need])


def _no_lab() -> str | None:
    if (absent := _absent(*_PROGRAMS)) is not None:
        return absent
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


def _no_deployments() -> str | None:
    if (absent := _absent("nginx", "janus", "redis-server", "node")) is not None:
        return absent
    return None if NODE_PACKAGES.is_file() else "not installed: the lab's packages of npm (scripts/test does it)"


def _no_junit_schema() -> str | None:
    there = any(JUNIT_SCHEMA.glob("*/junit-10.xsd"))
    return None if there else "not there: Jenkins' schema of JUnit files (scripts/test fetches it)"


def _no_chromium() -> str | None:
    return None if any(tool(name) for name in BROWSERS) else f"not installed: {' or '.join(BROWSERS)}"


def _absent(*programs: str) -> str | None:
    absent = [name for name in programs if tool(name) is None]
    return f"not installed: {', '.join(absent)}" if absent else None


def _try(*command: str) -> str | None:
    """None where the command works, its own words where not."""
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PATH": PATH}, check=False)
    return (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1] if done.returncode else None
