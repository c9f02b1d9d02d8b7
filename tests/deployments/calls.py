"""One-to-one calls: a plain WebSocket server, nginx for wss on a port of its own, coturn."""

from typing import Any

from tests.deployments.stage import Stage
from tests.lab.coturn import Coturn, cloud_addresses
from tests.lab.layout import SERVER_IPV4, SERVER_PRIVATE_IPV4, TURN_PORTS, WEB_PORTS, Layout, Server
from tests.lab.nginx import Nginx, web_page
from tests.lab.node import Node

NAME = "call.example.org"
USER, PASSWORD = "calls", "calls123456"
_PAGE = "<!DOCTYPE html><html><head><title>Calls</title></head><body></body></html>"
_DIRECT, _SECURE = (7777, 7777), (7778, 7778)

BROKEN = Layout(server=Server(open_tcp=(*TURN_PORTS, *WEB_PORTS, _DIRECT, _SECURE)))
MENDED = Layout(server=Server(open_tcp=(*TURN_PORTS, *WEB_PORTS, _SECURE)))

_TYPED_BY_HAND = """
  add_header Access\u2010Control\u2010Allow\u2010Origin *;
  add_header Access\u2010Control\u2010Allow\u2010Methods 'GET, POST, OPTIONS';"""
_WILDCARD = """
  add_header Access-Control-Allow-Origin *;
  add_header Access-Control-Allow-Credentials true;"""
_MINDFUL = f"""
  add_header Access-Control-Allow-Origin https://{NAME} always;
  add_header Access-Control-Allow-Credentials true always;
  add_header Vary Origin always;"""


def broken(stage: Stage) -> None:
    """As it was when relay to relay was refused."""
    _all_but_turn(stage, page=_TYPED_BY_HAND, fetched=_WILDCARD, read_timeout="2s", ping_ms=None)
    Coturn(stage.world, "listening-ip=0.0.0.0", f"external-ip={SERVER_IPV4}", *_USER)


def without_external_ip(stage: Stage) -> None:
    """The same with the other command line: nobody told coturn its public address."""
    _all_but_turn(stage, page=_TYPED_BY_HAND, fetched=_WILDCARD, read_timeout="2s", ping_ms=None)
    Coturn(stage.world, f"listening-ip={SERVER_PRIVATE_IPV4}", *_USER)


def mended(stage: Stage) -> None:
    """With every mistake put right; the server's heartbeat keeps connections alive through the same time-out."""
    _all_but_turn(stage, page=_MINDFUL, fetched=_MINDFUL, read_timeout="2s", ping_ms=500)
    Coturn(stage.world, *cloud_addresses(stage.world), *_USER)


_USER = ("lt-cred-mech", f"user={USER}:{PASSWORD}", f"realm={NAME}")


def _all_but_turn(stage: Stage, *, page: str, fetched: str, read_timeout: str, ping_ms: int | None) -> None:
    """Sixty seconds of the deployment's proxy time-out are two here, so that nobody waits for them."""
    world = stage.world
    options: Any = {} if ping_ms is None else {"pingMs": ping_ms}
    Node(world, "messages", port=7777, **options)
    Nginx(
        world,
        """
        upstream websocket { server 127.0.0.1:7777; }
        server {
          listen 443 ssl; <certificate> root <root>;
          location = / { try_files /index.html =404; <page> }
          location = /index.html { <fetched> }
        }
        server {
          listen 7778 ssl; <certificate>
          location /ws {
            proxy_pass http://websocket; <upgrade>
            proxy_connect_timeout 4s; proxy_read_timeout <timeout>; proxy_send_timeout <timeout>;
          }
        }
        """,
        certificate=stage.certificate(NAME),
        root=web_page(world, _PAGE),
        page=page,
        fetched=fetched,
        timeout=read_timeout,
    )
