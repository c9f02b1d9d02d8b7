"""AppRTC: room server, collider, coturn with a static user, a home-made ICE endpoint, nginx."""

from typing import Any

from tests.deployments.stage import Stage
from tests.lab.coturn import Coturn, cloud_addresses
from tests.lab.layout import RELAY_PORTS, SERVER_PRIVATE_IPV4, TURN_PORTS, WEB_PORTS, Layout, Server
from tests.lab.nginx import Nginx
from tests.lab.node import Node
from tests.lab.web import start

NAME = "rooms.example.org"
USER, PASSWORD = "rooms", "rooms12345"
SECRET = "s3cret-of-the-rooms"
_COLLIDER, _ICE, _CLI = (8089, 8089), (8088, 8088), (5766, 5766)

BROKEN = Layout(server=Server(open_tcp=(*TURN_PORTS, *WEB_PORTS, _COLLIDER, _ICE, _CLI)))
MENDED = Layout(server=Server(open_udp=(*TURN_PORTS, RELAY_PORTS), open_tcp=(*TURN_PORTS, *WEB_PORTS, _COLLIDER)))


def broken(stage: Stage) -> None:
    """As it was."""
    world = stage.world
    certificate = stage.certificate(NAME, kind="self-signed")
    override = [
        {
            "urls": [f"turn:{NAME}:3478?transport=udp", f"turn:{NAME}:3478?transport=tcp"],
            "username": USER,
            "credential": PASSWORD,
        },
        {"urls": [f"stun:{NAME}:8089"]},
    ]
    _room_server(stage, ice_server_override=override, ice_server_base_url=f"http://{NAME}:8088")
    start(world, "icerest", port=8088, key=PASSWORD, user=USER, urls=[f"stun:{NAME}:3478", f"turn:{NAME}:3478"])
    Node(world, "collider", port=8089, cert=certificate.chain, key=certificate.key)
    server = "server { listen 443 ssl; <certificate> location / { proxy_pass http://127.0.0.1:8080; } }"
    Nginx(world, server, certificate=certificate)
    user = ("lt-cred-mech", f"user={USER}:{PASSWORD}", f"realm={NAME}")
    cli = ("cli-ip=0.0.0.0", "cli-port=5766", f"cli-password={PASSWORD}")
    Coturn(world, f"listening-ip={SERVER_PRIVATE_IPV4}", *user, *cli)


def mended(stage: Stage) -> None:
    """With every mistake put right: the endpoint for its page alone, with credentials that coturn takes."""
    world = stage.world
    certificate = stage.certificate(NAME)
    _room_server(stage, ice_server_base_url=f"https://{NAME}")
    start(
        world,
        "icerest",
        port=8088,
        key=SECRET,
        user=USER,
        urls=[f"turn:{NAME}:3478"],
        open_urls=[f"stun:{NAME}:3478"],
        lifetime_s=86400,
        content_type="application/json",
        origin=f"https://{NAME}",
    )
    Node(world, "collider", port=8089, cert=certificate.chain, key=certificate.key)
    Nginx(
        world,
        """
        server {
          listen 443 ssl; <certificate>
          location /v1alpha/ {
            if ($http_origin != "https://<name>") { return 403; }
            proxy_pass http://127.0.0.1:8088;
          }
          location / { proxy_pass http://127.0.0.1:8080; }
        }
        """,
        name=NAME,
        certificate=certificate,
    )
    rest = ("use-auth-secret", f"static-auth-secret={SECRET}", f"realm={NAME}")
    Coturn(world, *cloud_addresses(world), *rest)


def _room_server(stage: Stage, **options: Any) -> None:
    start(stage.world, "apprtc", port=8080, base_url=f"https://{NAME}", wss_host=f"{NAME}:8089", **options)
