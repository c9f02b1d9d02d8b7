"""A meeting system on one host: Socket.IO and page behind nginx, Janus, SRS, coturn."""

from tests.deployments.stage import Stage
from tests.lab.coturn import Coturn, cloud_addresses
from tests.lab.janus import MEDIA_PORTS, Janus
from tests.lab.layout import RELAY_PORTS, SERVER_IPV4, TURN_PORTS, WEB_PORTS, Layout, Server
from tests.lab.nginx import Nginx
from tests.lab.node import Node
from tests.lab.web import start

NAME = "meet.example.org"
USER, PASSWORD = "conference", "conference1"
"""What stands in the page of the deployment as it was, for everybody to read."""
SECRET = "s3cret-of-the-meeting"
_PAGE = "<!DOCTYPE html><html><head><title>Meeting</title></head><body><div id=app></div></body></html>"
_MEDIA = (8000, 8000)

BROKEN = Layout(server=Server(open_udp=(*TURN_PORTS, _MEDIA), open_tcp=(*TURN_PORTS, *WEB_PORTS)))
"""The security group forgets Janus' ports and coturn's relay range."""
MENDED = Layout(server=Server(open_udp=(*TURN_PORTS, _MEDIA, MEDIA_PORTS, RELAY_PORTS)))


def broken(stage: Stage) -> None:
    """As it was."""
    world = stage.world
    served, renewed = stage.certificate(NAME, "old"), stage.certificate(NAME)
    _signalling(stage)
    Janus(world, f'nat_1_1_mapping = "{SERVER_IPV4}"')
    Nginx(
        world,
        """
        server { listen 80; server_name <name>; return 301 https://$host$request_uri; }
        server {
          listen 443 ssl http2; server_name <name>; <certificate>
          ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
          ssl_ciphers DEFAULT:@SECLEVEL=0;  # what OpenSSL 3 needs for it, and older ones do without
          location / { proxy_pass http://127.0.0.1:18080; <upgrade> }
          location /gateway { proxy_pass http://127.0.0.1:18088/; }
        }
        """,
        name=NAME,
        certificate=served,
    )
    # Renewed on disk; coturn was started since, nginx was not told.
    for old, new in zip(served, renewed, strict=True):
        old.write_bytes(new.read_bytes())
    user = ("lt-cred-mech", f"user={USER}:{PASSWORD}", f"realm={NAME}")
    Coturn(world, *cloud_addresses(world), *user, *served.options)


def mended(stage: Stage) -> None:
    """With every mistake put right."""
    world = stage.world
    certificate = stage.certificate(NAME)
    _signalling(stage)
    Janus(world, f'nat_1_1_mapping = "{SERVER_IPV4}"')
    start(world, "srs", port=1985, candidate=SERVER_IPV4)
    Nginx(
        world,
        """
        server { listen 80; server_name <name>; return 301 https://$host$request_uri; }
        server {
          listen 443 ssl http2; server_name <name>; <certificate>
          ssl_protocols TLSv1.2 TLSv1.3;
          location / { proxy_pass http://127.0.0.1:18080; <upgrade> }
          location /gateway/ { proxy_pass http://127.0.0.1:18088/; }
          location /api/ { proxy_pass http://127.0.0.1:1985; }
          location /rtc/ { proxy_pass http://127.0.0.1:1985; }
        }
        """,
        name=NAME,
        certificate=certificate,
    )
    rest = ("use-auth-secret", f"static-auth-secret={SECRET}", f"realm={NAME}")
    Coturn(world, *cloud_addresses(world), *rest, *certificate.options)


def _signalling(stage: Stage) -> None:
    """Express with its catch-all, and Socket.IO, which speaks to old clients too."""
    Node(stage.world, "signalling", port=18080, allowEIO3=True, page=_PAGE)
