"""What is wrong with a port, or with the firewalls before it: one case each."""

from tests.lab.certificates import Authority
from tests.lab.coturn import Coturn
from tests.lab.layout import SERVER_IPV4, SERVER_IPV6, SILENT_IPV4, UNREACHABLE_IPV4, Layout, Server
from tests.lab.namespace import shell
from tests.lab.world import World
from tests.web.case import Prepare, Site

HALF_OPEN = Layout(server=Server(nat="none", open_tcp=((80, 80), (60000, 60050))))
REJECTING = Layout(server=Server(nat="none", unsolicited="reject"))


def coturn(world: World, _authority: Authority) -> None:
    """A TURN server: TCP and UDP 3478."""
    Coturn(world, "no-auth")


def firewall(rule: str) -> Prepare:
    """A rule of the server's own firewall."""

    def prepare(world: World, _authority: Authority) -> None:
        chain = f"chain in {{\ntype filter hook input priority 0\n{rule}\n}}"
        shell(["nsenter", f"--net={world.server.path}", "nft", "-f", "-"], f"table inet own {{\n{chain}\n}}\n")

    return prepare


PORTS = (
    Site(
        name="open-port",
        prepare=(coturn,),
        target=f"tcp:{SERVER_IPV4}:3478",
        exit_code=0,
        statuses={"port.tcp": "pass"},
        says=("203.0.113.10:3478 is open",),
    ),
    Site(
        name="port-without-a-service",
        errors=frozenset({"tcp-port-refused"}),
        statuses={"port.tcp": "fail"},
        says=("nothing listens on 203.0.113.10:80",),
    ),
    Site(
        name="port-without-a-service-over-ipv6",
        target=f"tcp:[{SERVER_IPV6}]:80",
        errors=frozenset({"tcp-port-refused"}),
        statuses={"port.tcp": "fail"},
    ),
    Site(
        name="firewall-that-resets",
        layout=REJECTING,
        target=f"tcp:{SERVER_IPV4}:8080",
        errors=frozenset({"tcp-port-refused"}),
    ),
    Site(
        name="firewall-that-rejects-as-most-do",
        prepare=(firewall("tcp dport 80 reject"),),
        errors=frozenset({"tcp-port-unreachable"}),
        says=("port unreachable (ICMP type 3 code 3)",),
    ),
    Site(
        name="firewall-that-prohibits",
        prepare=(firewall("tcp dport 80 reject with icmpx type admin-prohibited"),),
        target=f"tcp:[{SERVER_IPV6}]:80",
        errors=frozenset({"tcp-port-unreachable"}),
        says=("2001:db8:203::10 says of [2001:db8:203::10]:80: administratively prohibited",),
    ),
    Site(
        name="filtered-port-of-a-host-that-is-up",
        target=f"tcp:{SERVER_IPV4}:8080",
        errors=frozenset({"tcp-port-blocked"}),
        says=("203.0.113.10:8080 is silent: asked ", "times in 3.5 s, while tcp to port 80 is refused"),
    ),
    Site(
        name="host-that-is-down",
        target=f"tcp:{SILENT_IPV4}:80",
        errors=frozenset({"all-ports-blocked-host-down"}),
        says=("times in 3.5 s; nothing else of the host that was asked answers either",),
    ),
    Site(
        name="host-without-a-way-to-it",
        target=f"tcp:{UNREACHABLE_IPV4}:80",
        errors=frozenset({"host-unreachable"}),
        says=("host unreachable",),
    ),
    Site(
        name="one-of-several-ports-is-filtered",
        target=f"tcp:{SERVER_IPV4}:3478,8080",
        prepare=(coturn,),
        errors=frozenset({"tcp-port-blocked"}),
        says=("203.0.113.10: 3478 open; 8080 silent (asked ",),
    ),
    Site(
        name="range-of-which-half-is-open",
        layout=HALF_OPEN,
        target=f"tcp:{SERVER_IPV4}:60000-60100",
        exit_code=0,
        warnings=frozenset({"port-range-partly-blocked"}),
        statuses={"port.tcp": "warn"},
        says=("60000-60050 refused; 60051-60100 silent (asked ",),
    ),
    Site(
        name="range-that-is-reached",
        target=f"tcp:{SERVER_IPV4}:49152-65535",
        exit_code=0,
        statuses={"port.tcp": "pass"},
        says=("of 16384 ports asked: 49152-65535 refused",),
    ),
    Site(
        name="range-that-is-closed",
        target=f"tcp:{SERVER_IPV4}:40000-40100",
        errors=frozenset({"tcp-port-blocked"}),
        statuses={"port.tcp": "fail"},
    ),
)
