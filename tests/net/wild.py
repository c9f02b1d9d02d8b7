"""A host behind a router that refuses, forbids and swallows: two namespaces, made and removed by the test.

The router refuses by its firewall and not by routes of type "unreachable": Linux limits how often those answer.
"""

import contextlib
import ctypes
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

HOST_4, ROUTER_4 = "192.0.2.2", "192.0.2.1"
HOST_6, ROUTER_6 = "2001:db8:1::2", "2001:db8:1::1"
UNREACHABLE_4, UNREACHABLE_6 = "198.51.100.10", "2001:db8:10::1"
PROHIBITED_4, PROHIBITED_6 = "198.51.100.130", "2001:db8:20::1"
SILENT_4, SILENT_6 = "203.0.113.10", "2001:db8:30::1"
FORBIDDEN_4, FORBIDDEN_6 = "203.0.113.200", "2001:db8:40::1"
NOWHERE_4, NOWHERE_6 = "203.0.113.250", "2001:db8:ffff::1"
LOOPING_4 = "203.0.113.129"
ABSENT_NEIGHBOUR = "192.0.2.99"

_CLONE_NEWNET = 0x40000000
_PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"

_HOST = f"""
address add {HOST_4}/24 dev eth0
address add {HOST_6}/64 dev eth0 nodad
link set lo up
link set eth0 up
route add 198.51.100.0/24 via {ROUTER_4}
route add 203.0.113.0/25 via {ROUTER_4}
route add {FORBIDDEN_4} via {ROUTER_4}
route add {LOOPING_4} via {ROUTER_4}
route add 2001:db8:10::/44 via {ROUTER_6}
route add 2001:db8:20::/48 via {ROUTER_6}
route add 2001:db8:30::/48 via {ROUTER_6}
route add 2001:db8:40::/48 via {ROUTER_6}
"""
_ROUTER = f"""
address add {ROUTER_4}/24 dev eth0
address add {ROUTER_6}/64 dev eth0 nodad
link set lo up
link set eth0 up
route add 198.51.100.0/24 via {HOST_4}
route add blackhole 203.0.113.0/25
route add {LOOPING_4} via {HOST_4}
route add 2001:db8:10::/48 via {HOST_6}
route add 2001:db8:20::/48 via {HOST_6}
route add blackhole 2001:db8:30::/48
"""
_SYSCTLS = """
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
echo 0 > /proc/sys/net/ipv4/icmp_ratelimit
echo 0 > /proc/sys/net/ipv6/icmp/ratelimit
"""
_IMPATIENCE = "echo 50 > /proc/sys/net/ipv4/neigh/eth0/retrans_time_ms"
_REFUSALS = f"""
table inet path {{
  chain through {{
    type filter hook forward priority filter;
    ip daddr {UNREACHABLE_4} reject with icmpx type host-unreachable
    ip6 daddr {UNREACHABLE_6} reject with icmpx type host-unreachable
    ip daddr {PROHIBITED_4} reject with icmpx type admin-prohibited
    ip6 daddr {PROHIBITED_6} reject with icmpx type admin-prohibited
  }}
}}
"""
_FIREWALL = f"""
table inet own {{
  chain out {{
    type filter hook output priority filter;
    ip daddr {FORBIDDEN_4} drop
    ip6 daddr {FORBIDDEN_6} drop
  }}
}}
"""


class Wild:
    """The running network. `close` removes it."""

    def __init__(self) -> None:
        self.host, self.router = (f"np{os.getpid()}-wild-{name}" for name in ("host", "router"))
        try:
            self._build()
        except BaseException:
            self.close()
            raise

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """Sockets that this thread opens within the block belong to the host."""
        with Path("/proc/thread-self/ns/net").open("rb") as home, Path(f"/run/netns/{self.host}").open("rb") as away:
            _enter(away.fileno())
            try:
                yield
            finally:
                _enter(home.fileno())

    def close(self) -> None:
        for name in (self.host, self.router):
            _run("ip", "netns", "del", name, check=False)

    def _build(self) -> None:
        for name in (self.host, self.router):
            _run("ip", "netns", "add", name)
        # Unlike indices at the two ends: where they are alike, the kernel can take a second to notice the carrier.
        near, far = (f"eth0 index {index} netns {name}" for index, name in ((10, self.host), (11, self.router)))
        _run("ip", "-batch", "-", text=f"link add {near} type veth peer {far}\n")
        for name, lines in ((self.router, _ROUTER), (self.host, _HOST)):
            _run("ip", "-n", name, "-batch", "-", text=lines.strip() + "\n")
        _run("ip", "netns", "exec", self.router, "sh", "-e", text=_SYSCTLS)
        _run("ip", "netns", "exec", self.host, "sh", "-e", text=_IMPATIENCE)
        for name, rules in ((self.router, _REFUSALS), (self.host, _FIREWALL)):
            _run("ip", "netns", "exec", name, "nft", "-f", "-", text=rules)
        self._await_carrier()

    def _await_carrier(self) -> None:
        until = time.monotonic() + 10
        while "NO-CARRIER" in _run("ip", "-n", self.host, "-o", "link") and time.monotonic() < until:
            time.sleep(0.01)


def _enter(namespace: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(namespace, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def _run(*command: str, text: str = "", check: bool = True) -> str:
    environment = {**os.environ, "PATH": _PATH}
    done = subprocess.run(command, input=text, text=True, capture_output=True, env=environment, check=False)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
    return done.stdout
