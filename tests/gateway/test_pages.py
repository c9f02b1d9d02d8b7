"""What the pages about signalling and gateways show is what natprobe prints."""

import re
from pathlib import Path

import pytest

from tests.conftest import BuildWorld
from tests.gateway.asking import OPEN, SHUT
from tests.lab.certificates import Authority
from tests.lab.janus import API_SECRET, HTTP_PORT, Janus
from tests.lab.layout import SERVER_IPV4
from tests.lab.nameserver import ZONE, Nameserver
from tests.lab.nginx import Nginx
from tests.lab.node import Node
from tests.lab.world import World
from tests.test_readme import shape

pytestmark = [pytest.mark.lab, pytest.mark.deployments]

DOCS = Path(__file__).parents[2] / "docs"
SHOWN = re.compile(r"^    \$ natprobe check (.*)\n((?:    .*\n|\n)*)", re.MULTILINE)
NAME = "meet.example.org"
SITE = "server {{ listen 443 ssl; server_name {name}; <certificate> {location} }}"


def site(world: World, authority: Authority, location: str) -> None:
    """nginx with TLS for the name that the pages show."""
    Nameserver(world, f"{ZONE}meet A {SERVER_IPV4}\n")
    Nginx(world, SITE.format(name=NAME, location=location), certificate=authority.issue("good", NAME))


def plain(text: str) -> str:
    """`text` without what differs from run to run."""
    return re.sub(r"#\S+,O=trustme \S+", "#", shape(text))


def shown(page: str, arguments: str) -> str:
    """What the page shows first, printed by this command."""
    found = SHOWN.search((DOCS / page).read_text(encoding="utf-8"))
    assert found
    assert found[1] == arguments
    return re.sub("^    ", "", found[2], flags=re.MULTILINE)


def test_the_page_about_signalling_shows_what_is_printed(build_world: BuildWorld, authority: Authority) -> None:
    world = build_world(OPEN)
    Node(world, "signalling", port=18080, allowEIO3=True, page="<html>Meeting</html>")
    site(world, authority, "location / { proxy_pass http://127.0.0.1:18080; }")
    done = world.natprobe("check", f"wss://{NAME}/socket.io/", "-4", "--ca-file", str(authority.root))
    assert plain(shown("signalling.md", f"wss://{NAME}/socket.io/ -4 --ca-file root.pem")) == plain(done.stdout)


def test_the_page_about_gateways_shows_what_is_printed(build_world: BuildWorld, authority: Authority) -> None:
    world = build_world(SHUT)
    Janus(world, f'nat_1_1_mapping = "{SERVER_IPV4}"')
    site(world, authority, f"location /gateway/ {{ proxy_pass http://127.0.0.1:{HTTP_PORT}/; }}")
    page, file = (DOCS / "gateways.md").read_text(encoding="utf-8"), world.new_file("deployment.toml")
    described = re.search(r"```toml\n(.*?)```", page, re.DOTALL)
    assert described
    file.write_text(described[1])
    told = ("check", "-d", str(file), "-4", "--ca-file", str(authority.root))
    done = world.natprobe(*told, env={"JANUS_SECRET": API_SECRET})
    assert plain(shown("gateways.md", "-d deployment.toml -4 --ca-file root.pem")) == plain(done.stdout)
