"""Which ports are open in a program's network: the kernel's list, not the program's word."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from tests.lab.process import Running, wait_until

Protocol = Literal["udp", "tcp"]
_START_S = 20.0
_STATES = {"tcp": "0A", "udp": "07"}  # LISTEN; UDP knows only "unconnected"


def open_ports(pid: int, protocol: Protocol) -> list[int]:
    """Ports of this process's network that wait for strangers, over IPv4 and IPv6; nothing once it has ended."""
    return [port for family in ("", "6") for port in _listed(pid, protocol + family, _STATES[protocol])]


def await_ports(running: Running, *, tcp: Iterable[int] = (), udp: Iterable[int] = ()) -> None:
    """Waits until all of these are open. Raises AssertionError with the program's words where they do not open."""
    wanted = {("tcp", port) for port in tcp} | {("udp", port) for port in udp}
    if not wait_until(lambda: running.exit_code is not None or wanted <= _open(running.pid), _START_S):
        raise AssertionError(f"{wanted - _open(running.pid)} not open\n{running.stdout()}{running.stderr()}")
    if running.exit_code is not None:
        raise AssertionError(f"ended with {running.exit_code}\n{running.stdout()}{running.stderr()}")


def _open(pid: int) -> set[tuple[str, int]]:
    return {("tcp", port) for port in open_ports(pid, "tcp")} | {("udp", port) for port in open_ports(pid, "udp")}


def _listed(pid: int, table: str, state: str) -> Iterator[int]:
    try:
        lines = Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    except OSError:
        return
    for line in lines:
        _, local, _, found, *_ = line.split()
        if found == state:
            yield int(local.rpartition(":")[2], 16)
