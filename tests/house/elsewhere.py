"""Runs natprobe as if this were Windows or macOS: what those lack is taken away before natprobe is imported.

    python -m tests.house.elsewhere win32 check turn:127.0.0.1:3478 …
    python -m tests.house.elsewhere win32 --imports

It is no such system, and proves less than one: the kernel below stays Linux. What is gone is gone for real, though: a
name that natprobe looks up unguarded is an AttributeError or an ImportError here too. The standard library and the
dependencies are loaded first, as they are on Linux: they have ports of their own.
"""

import asyncio
import errno
import importlib
import os
import pathlib
import pkgutil
import signal
import socket
import ssl
import sys
from typing import Any, NoReturn

import dns.resolver

LOADED_FIRST = (
    *("argparse", "ctypes", "email.message", "getpass", "ifaddr", "json", "platform", "shutil", "ssl", "subprocess"),
    *("tempfile", "tomllib", "urllib.request", "uuid", "zoneinfo", "OpenSSL.SSL", "aioice", "cryptography.x509"),
    *(
        "dns.asyncresolver",
        "scapy.layers.inet6",
        "scapy.utils",
        "h11",
        "jinja2",
        "msgspec",
        "prometheus_client",
        "textual.app",
        "textual.widgets",
    ),
    *("websockets", "aiohttp.web"),
)
NOT_ON = {
    "win32": ("fcntl", "grp", "posix", "pwd", "pty", "readline", "resource", "termios", "tty", "syslog", "curses"),
    "darwin": ("spwd",),
}
"""Modules of the standard library that this system's Python does not have."""
GONE_FROM_SOCKET = {
    "win32": ("MSG_ERRQUEUE", "SO_REUSEPORT", "SO_BINDTODEVICE", "TCP_INFO", "IP_RECVERR", "AF_NETLINK", "AF_PACKET"),
    "darwin": ("MSG_ERRQUEUE", "SO_BINDTODEVICE", "TCP_INFO", "IP_RECVERR", "AF_NETLINK", "AF_PACKET"),
}
GONE_FROM_OS = ("fork", "geteuid", "getuid", "getgid", "getegid", "setsid", "uname", "sysconf", "memfd_create")
GONE_FROM_SIGNAL = (
    *("SIGHUP", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGPIPE", "SIGWINCH", "SIGTSTP", "SIGQUIT", "SIGCHLD"),
    *("pthread_sigmask", "sigwait", "alarm", "setitimer"),
)
LINUX_OPTIONS = {(socket.IPPROTO_IP, 11), (socket.IPPROTO_IPV6, 25)}
"""IP_RECVERR and IPV6_RECVERR, by their numbers: no constant guards them."""


def _not_there(*_: Any) -> NoReturn:
    raise NotImplementedError


def _overlapped(kind: type[OSError], number: int) -> OSError:
    """What overlapped I/O raises: Windows' number stands in winerror, and errno always says "invalid argument"."""
    error = kind(errno.EINVAL, f"[WinError {number}]")
    error.winerror = number  # type: ignore[attr-defined]  # there on Windows alone
    return error


class Proactor(asyncio.SelectorEventLoop):
    """Like Windows' own loop it neither watches a socket nor hears a signal, and tells refusals in Windows' numbers."""

    add_reader: Any = _not_there
    add_writer: Any = _not_there
    add_signal_handler: Any = _not_there

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        """ConnectEx: takes a pair for IPv4 alone."""
        if sock.family == socket.AF_INET6 and len(address) != 4:
            raise _overlapped(OSError, 10022)
        try:
            await super().sock_connect(sock, address)
        except ConnectionRefusedError as error:
            raise _overlapped(ConnectionRefusedError, 1225) from error

    async def sock_recv(self, sock: socket.socket, n: int) -> bytes:
        """WSARecv, of a datagram that ICMP calls undeliverable."""
        try:
            return await super().sock_recv(sock, n)
        except ConnectionRefusedError as error:
            raise _overlapped(OSError, 1234) from error


class Policy(asyncio.DefaultEventLoopPolicy):
    """Gives out such loops."""

    def new_event_loop(self) -> Proactor:
        """A loop that is not running."""
        return Proactor()


class _Socket(socket.socket):
    """A socket that refuses what the system's own would refuse."""

    def setsockopt(self, level: int, option: int, *value: Any) -> None:
        """Knows no option of Linux's own."""
        if (level, option) in LINUX_OPTIONS:
            raise OSError(errno.ENOPROTOOPT, "Protocol not available")
        super().setsockopt(level, option, *value)

    def bind(self, name: Any) -> None:
        """macOS has 127.0.0.1 alone on its loopback interface; Windows, like Linux, has all of 127.0.0.0/8."""
        if sys.platform == "darwin" and name[0].startswith("127.") and name[0] != "127.0.0.1":
            raise OSError(errno.EADDRNOTAVAIL, "Can't assign requested address")
        super().bind(name)

    def __getattribute__(self, name: str) -> Any:
        if sys.platform == "win32" and name in {"recvmsg", "sendmsg", "recvmsg_into"}:
            raise AttributeError(name)
        return super().__getattribute__(name)


def become(system: str) -> None:
    """Takes away what `system` ("win32" or "darwin") lacks."""
    for name in LOADED_FIRST:
        importlib.import_module(name)
    _forget(socket, GONE_FROM_SOCKET[system])
    _replace(socket, "socket", _Socket)
    sys.modules.update(dict.fromkeys(NOT_ON[system]))  # type: ignore[arg-type]  # None: an ImportError
    sys.platform = system
    # What the dependencies ask Windows for themselves: the registry for nameservers, the store for trusted roots.
    _replace(dns.resolver.Resolver, "read_registry", lambda self: self.read_resolv_conf("/etc/resolv.conf"))
    _replace(ssl, "enum_certificates", lambda _store: [])
    if system == "win32":
        _forget(os, GONE_FROM_OS)
        _forget(signal, GONE_FROM_SIGNAL)
        _replace(pathlib, "WindowsPath", pathlib.PosixPath)  # the disk below stays as it is
        os.name = "nt"
        asyncio.set_event_loop_policy(Policy())


def _replace(where: Any, name: str, value: Any) -> None:
    setattr(where, name, value)


def _forget(module: Any, names: tuple[str, ...]) -> None:
    for name in names:
        if hasattr(module, name):
            delattr(module, name)


def import_everything() -> None:
    """Every module of natprobe, its reports and its dashboard."""
    for package in ("natprobe", "natprobe_reports", "natprobe_tui"):
        room = importlib.import_module(package)
        for module in pkgutil.walk_packages(room.__path__, f"{package}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)


if __name__ == "__main__":
    become(sys.argv.pop(1))
    if sys.argv[1:] == ["--imports"]:
        import_everything()
    else:
        from natprobe.cli import main

        sys.exit(main())
