"""What natprobe tells of a port without the right to open raw sockets, and that it says what it cannot tell."""

import sys

import pytest

from natprobe.net.raw import limits
from natprobe_reports.json import decode
from tests.conftest import BuildWorld
from tests.lab.layout import SERVER_IPV4, Layout, Server
from tests.lab.nginx import Nginx

pytestmark = pytest.mark.lab
WITHOUT = ("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw")


def test_without_the_right_to_raw_sockets_the_answer_is_the_same_and_its_limit_is_told(build_world: BuildWorld) -> None:
    world = build_world(Layout(server=Server(nat="none", unsolicited="reject")))
    Nginx(world, "server { listen 80; location = / { return 200 hi; } }")
    command = (sys.executable, "-m", "natprobe", "ports", SERVER_IPV4, "8080", "--json")
    privileged = decode(world.client.run(*command).stdout.encode())
    plain = decode(world.client.run(*WITHOUT, *command).stdout.encode())
    assert [check.findings for check in plain.checks] == [check.findings for check in privileged.checks]
    assert privileged.vantage.limits == limits() == ()
    assert plain.vantage.limits == (
        "without the right to open raw sockets (root, or CAP_NET_RAW) it is not told who sent the reset of a port",
    )
    assert privileged.checks[0].evidence["reset"] == {"hops": 1, "open_port": 80, "open_hops": 2}
    assert "reset" not in plain.checks[0].evidence
