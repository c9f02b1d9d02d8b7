"""What is wrong with a port, or with the firewalls before it: one case each."""

from tests.lab.certificates import Authority
from tests.lab.coturn import Coturn
from tests.lab.layout import ALL_PORTS, SERVER_IPV4, SERVER_IPV6, SILENT_IPV4, UNREACHABLE_IPV4, Layout, Server
from tests.lab.listening import await_ports
from tests.lab.namespace import shell
from tests.lab.nginx import Nginx
from tests.lab.redis import Redis
from tests.lab.world import World
from tests.web.case import Prepare, Site

HALF_OPEN = Layout(server=Server(nat="none", open_tcp=((80, 80), (60000, 60050))))
OPEN = Layout(server=Server(nat="none", open_tcp=(ALL_PORTS,)))
REJECTING = Layout(server=Server(nat="none", unsolicited="reject"))


def coturn(world: World, _authority: Authority) -> None:
    """A TURN server: TCP and UDP 3478."""
    Coturn(world, "no-auth")


def coturn_with_tls(world: World, authority: Authority) -> None:
    """A TURN server with a certificate."""
    Coturn(world, "no-auth", *authority.issue().options)


def inner_services(world: World, _authority: Authority) -> None:
    """What only the deployment itself needs: coturn's CLI, Redis, and metrics where coturn has them."""
    Coturn(world, "no-auth", "cli-ip=0.0.0.0", "cli-password=of-the-lab")
    Redis(world)
    metrics = world.new_file("prometheus.yml")
    metrics.write_text("{}")
    command = ("prometheus", f"--config.file={metrics}", f"--storage.tsdb.path={world.new_file('data')}")
    await_ports(world.keep(world.server.start(*command, "--web.listen-address=0.0.0.0:9641")), tcp=(9641,))


def page(world: World, _authority: Authority) -> None:
    """A web server on port 80."""
    Nginx(world, "server { listen 80; listen [::]:80; location = / { return 200 hi; } }")


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
        name="firewall-whose-reset-gives-it-away",
        layout=REJECTING,
        prepare=(page,),
        target=f"tcp:{SERVER_IPV4}:8080",
        errors=frozenset({"tcp-port-refused"}),
        says=("the reset comes from 1 hop nearer than what accepts on port 80",),
    ),
    Site(
        name="firewall-whose-reset-gives-it-away-over-ipv6",
        layout=REJECTING,
        prepare=(page,),
        target=f"tcp:[{SERVER_IPV6}]:8080",
        errors=frozenset({"tcp-port-refused"}),
        says=("the reset comes from 1 hop nearer than what accepts on port 80",),
    ),
    Site(
        name="reset-of-the-host-itself",
        prepare=(page,),
        target=f"tcp:{SERVER_IPV4}:443",
        errors=frozenset({"tcp-port-refused"}),
        says=("was answered with a reset at once: the host is reached, and nothing listens on the port.",),
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
        says=("203.0.113.10: 3478 (STUN) open; 8080 silent (asked ",),
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
    Site(
        name="services-that-shall-be-closed",
        layout=OPEN,
        prepare=(inner_services,),
        command="ports",
        target=f"{SERVER_IPV4} 6379,5766,9641,7088 --closed",
        errors=frozenset({"service-exposed"}),
        statuses={"port.tcp": "fail"},
        says=(
            "expected closed, but 5766 (coturn's CLI), 6379 (Redis), 9641 (metrics for Prometheus) open",
            "203.0.113.10:5766,6379,9641 shall be closed, and is reachable: coturn's CLI, Redis, metrics for",
            "port 6379: it says '-NOAUTH Authentication required.'",
        ),
    ),
    Site(
        name="services-that-are-closed-as-they-shall",
        command="ports",
        target=f"{SERVER_IPV4} 80,6379 --closed",
        exit_code=0,
        statuses={"port.tcp": "pass"},
        says=("closed as expected: 80 refused; 6379 silent (asked ",),
    ),
)

UDP_PORTS = (
    Site(
        name="udp-service",
        prepare=(coturn_with_tls,),
        command="ports",
        target=f"{SERVER_IPV4} 3478/udp,5349/udp",
        exit_code=0,
        statuses={"port.udp": "pass"},
        says=("203.0.113.10: 3478 (STUN), 5349 (DTLS) open",),
    ),
    Site(
        name="udp-port-without-a-service",
        target=f"udp:{SERVER_IPV4}:50000",
        errors=frozenset({"udp-port-refused"}),
        statuses={"port.udp": "fail"},
        says=("port unreachable (ICMP type 3 code 3)",),
    ),
    Site(
        name="udp-port-that-a-firewall-rejects",
        prepare=(firewall("udp dport 50000 reject with icmpx type admin-prohibited"),),
        target=f"udp:[{SERVER_IPV6}]:50000",
        errors=frozenset({"udp-port-unreachable"}),
        statuses={"port.udp": "fail"},
    ),
    Site(
        name="udp-port-that-is-silent",
        target=f"udp:{SERVER_IPV4}:8000",
        exit_code=4,
        statuses={"port.udp": "inconclusive"},
        says=("203.0.113.10:8000 is silent, open or filtered: asked 4 times in 2.7 s, by STUN",),
    ),
    Site(
        name="udp-range-of-a-relay-without-allocations",
        target=f"udp:{SERVER_IPV4}:50000-50100",
        exit_code=4,
        statuses={"port.udp": "inconclusive"},
        says=("or refused without a word, as hosts limit such errors",),
    ),
    Site(
        name="udp-service-that-shall-be-closed",
        prepare=(coturn,),
        command="ports",
        target=f"{SERVER_IPV4} 3478/udp --closed",
        errors=frozenset({"service-exposed"}),
        statuses={"port.udp": "fail"},
        says=("203.0.113.10:3478 shall be closed, and is reachable: STUN",),
    ),
    Site(
        name="udp-ports-that-are-closed-as-far-as-can-be-told",
        layout=Layout(server=Server(nat="none", open_udp=())),
        prepare=(coturn,),
        command="ports",
        target=f"{SERVER_IPV4} 3478/udp --closed",
        exit_code=0,
        statuses={"port.udp": "pass"},
        says=("closed as expected: 3478 silent (asked 4 times in 2.7 s)",),
    ),
    Site(
        name="udp-port-whose-service-nobody-knows",
        command="ports",
        target=f"{SERVER_IPV4} 8000/udp --closed",
        exit_code=4,
        statuses={"port.udp": "inconclusive"},
    ),
)
