"""Network namespaces: named after the process that owns them, so that what a killed run left can be swept."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.lab.process import Completed, Running

CHECKOUT = Path(__file__).parents[2]
_NETNS = Path("/run/netns")
_OWNED = re.compile(r"np(\d+)-")
_DIRECTORIES = Path(tempfile.gettempdir())
_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"
PATH = f"{os.environ.get('PATH', '/usr/local/bin:/usr/bin:/bin')}:{_SBIN}"
_IN_OWN_FILES = 'mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/resolv.conf && shift 2 && exec "$@"'


def tool(name: str) -> str | None:
    """Where a program is, the administrator's directories included; None where it is not installed."""
    return shutil.which(name, path=PATH)


class Namespace:
    """One host or router of a world."""

    def __init__(self, name: str, files: Path) -> None:
        self.name = name
        self.path = _NETNS / name
        self._files = files

    def command(self, *command: str) -> list[str]:
        """The command line that runs `command` in here, with the world's own /etc/hosts and /etc/resolv.conf."""
        hosts, resolver = str(self._files / "hosts"), str(self._files / "resolv.conf")
        inside = ["unshare", "--mount", "sh", "-c", _IN_OWN_FILES, "sh", hosts, resolver, *command]
        return ["nsenter", f"--net={self.path}", *inside]

    def start(self, *command: str, env: Mapping[str, str] | None = None) -> Running:
        """Starts a program in here, in the background. `env` is added to the environment."""
        return Running(self.command(*command), env={**os.environ, "PATH": PATH, **(env or {})}, cwd=CHECKOUT)

    def run(self, *command: str, env: Mapping[str, str] | None = None, timeout: float = 60.0) -> Completed:
        """Runs a program in here to its end; see `Running.wait` for `timeout`."""
        with self.start(*command, env=env) as running:
            return running.wait(timeout)


def ip_batch(lines: Sequence[str]) -> None:
    """Runs lines of ip(8) in one go. Raises RuntimeError with ip's words."""
    shell(["ip", "-batch", "-"], "\n".join(lines) + "\n")


def shell(command: Sequence[str], text: str) -> None:
    """Runs a program on `text`. Raises RuntimeError with its words where it fails."""
    done = subprocess.run(
        command, input=text, text=True, capture_output=True, env=os.environ | {"PATH": PATH}, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}\n{text}")


def remove(names: Sequence[str]) -> None:
    """Ends every process in these namespaces and removes them."""
    for name in names:
        for pid in _pids(name):
            _kill(pid)
    if names:
        shell(["ip", "-force", "-batch", "-"], "".join(f"netns del {name}\n" for name in names))


def owned_by(pid: int) -> tuple[str, ...]:
    """The namespaces that a process has made and not removed."""
    return tuple(name for name in _present() if _owner(name) == pid)


def new_directory() -> Path:
    """A directory for a world's files, named so that `sweep` finds it."""
    return Path(tempfile.mkdtemp(prefix=f"np{os.getpid()}-"))


def sweep() -> None:
    """Removes what processes that are no more have left: namespaces, the programs in them, directories."""
    remove([name for name in _present() if _is_orphan(name)])
    for path in _DIRECTORIES.glob("np*-*"):
        if _is_orphan(path.name):
            shutil.rmtree(path, ignore_errors=True)


def _is_orphan(name: str) -> bool:
    owner = _owner(name)
    return owner is not None and not Path(f"/proc/{owner}").exists()


def _present() -> list[str]:
    return sorted(path.name for path in _NETNS.iterdir()) if _NETNS.is_dir() else []


def _owner(name: str) -> int | None:
    match = _OWNED.match(name)
    return int(match[1]) if match else None


def links(name: str) -> str:
    """The devices of a namespace, one a line, as ip(8) shows them."""
    return _ip("-n", name, "-o", "link", "show")


def _pids(name: str) -> list[int]:
    return [int(pid) for pid in _ip("netns", "pids", name).split()]


def _ip(*arguments: str) -> str:
    return subprocess.run([tool("ip") or "ip", *arguments], capture_output=True, text=True, check=False).stdout


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
