"""Everything in docker: coturn, nginx, a Socket.IO server in Java, a page, Redis."""

from tests.deployments.stage import Stage
from tests.lab.coturn import Coturn, cloud_addresses
from tests.lab.layout import (
    ALL_PORTS,
    SERVER_IPV4,
    TURN_PORTS,
    WEB_PORTS,
    Container,
    Layout,
    Server,
)
from tests.lab.nginx import Nginx, web_page
from tests.lab.node import Node
from tests.lab.redis import Redis

NAME = "media.example.org"
USER, PASSWORD = "admin", "admin123456"
_TURN, _TLS, _PUBLISHED, _CLI = (3478, 3478), (5349, 5349), (49190, 49200), (5766, 5766)
_HOST_RANGE = (60000, 60100)
_PAGE = "<!DOCTYPE html><html><head><title>Media</title></head><body><div id=app></div></body></html>"
_USER = (f"user={USER}:{PASSWORD}", f"realm={NAME}", "lt-cred-mech")

BRIDGE = Layout(
    server=Server(
        open_udp=(ALL_PORTS,),
        open_tcp=(ALL_PORTS,),
        container=Container(published_udp=(_TURN, _TLS, _PUBLISHED), published_tcp=(_TURN, _TLS)),
    )
)
"""The first way: coturn on the bridge, eleven relay ports published."""
HOST = Layout(server=Server(open_udp=(ALL_PORTS,), open_tcp=(ALL_PORTS,), docker0=True))
"""The second: coturn with the host's own network, in which docker's bridge is the first device."""
MENDED = Layout(server=Server(open_udp=(*TURN_PORTS, _HOST_RANGE), open_tcp=(*TURN_PORTS, *WEB_PORTS), docker0=True))


def on_the_bridge(stage: Stage) -> None:
    """As it was first: without min-port and max-port, 11 of 16384 relay ports are published."""
    _web(stage)
    Coturn(stage.world, f"external-ip={SERVER_IPV4}", *_USER, where=stage.world["container"])


def on_the_host(stage: Stage) -> None:
    """As it was then: a simple external-ip beside docker's bridge, a key that only root may read, the CLI open."""
    _web(stage)
    certificate = stage.certificate(NAME)
    certificate.key.chmod(0)
    Coturn(
        stage.world,
        *(f"external-ip={SERVER_IPV4}", "min-port=60000", "max-port=60100", *_USER, *certificate.options),
        *("cli-ip=0.0.0.0", "cli-port=5766", f"cli-password={PASSWORD}"),
        key_unreadable=True,
    )


def mended(stage: Stage) -> None:
    """With every mistake put right; Redis and Java are there, and not for strangers."""
    world = stage.world
    certificate = stage.certificate(NAME)
    Redis(world)
    Node(world, "signalling", port=19000, version=2, pingInterval=25000, pingTimeout=60000)
    Nginx(
        world,
        """
        server { listen 80; return 301 https://$host$request_uri; }
        server {
          listen 443 ssl; <certificate> root <root>;
          location /socket.io/ { proxy_pass http://127.0.0.1:19000; <upgrade> }
          location / { try_files $uri /index.html; }
        }
        """,
        certificate=certificate,
        root=web_page(world, _PAGE),
    )
    Coturn(world, *cloud_addresses(world), "min-port=60000", "max-port=60100", *_USER, *certificate.options)


def _web(stage: Stage) -> None:
    """nginx as it was: what has no `listen` stands on port 80 only."""
    world = stage.world
    Redis(world)
    Node(world, "signalling", port=19000, version=2, pingInterval=25000, pingTimeout=6000000)
    Nginx(
        world,
        """
        server { listen 443 ssl; <certificate> root <root>; location / { try_files $uri /index.html; } }
        server { location /socket.io/ { proxy_pass http://127.0.0.1:19000/socket.io/; <upgrade> } }
        """,
        certificate=stage.certificate(NAME),
        root=web_page(world, _PAGE),
    )
