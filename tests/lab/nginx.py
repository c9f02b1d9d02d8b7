"""A real nginx in a world: `Nginx(world, "server { listen 443 ssl; <certificate> … }", certificate=…)`.

The text is what stands within `http { }`, and `stream` what stands within `stream { }`, which is how TLS is put before
a TCP service. A slot such as <certificate> is filled with what is given by that name, and <upgrade> with what a
location needs that passes WebSocket on.
"""

import re
import signal
from collections.abc import Mapping
from pathlib import Path

from tests.lab.certificates import Certificate
from tests.lab.listening import await_ports
from tests.lab.namespace import Namespace
from tests.lab.process import Running
from tests.lab.world import World

_UPGRADE = """proxy_http_version 1.1;
  proxy_set_header Host $host;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $connection_upgrade;"""

_FRAME = """{module}daemon off;
user root;
worker_processes 1;
pid {own}/pid;
error_log stderr;
events {{ worker_connections 256; }}
http {{
access_log off;
client_body_temp_path {own}/body; proxy_temp_path {own}/proxy; fastcgi_temp_path {own}/fcgi;
uwsgi_temp_path {own}/uwsgi; scgi_temp_path {own}/scgi;
types {{ text/html html; application/javascript js; application/json json; }}
map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
{servers}
}}
{stream}
"""
_STREAM_MODULE = "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n"  # Debian's libnginx-mod-stream
_LISTEN = re.compile(r"\blisten\s+(?:\S+:)?(\d+)")


Slot = Certificate | Path | str


class Nginx:
    """Listens when the constructor returns; raises AssertionError with its log where it does not come up."""

    def __init__(
        self, world: World, servers: str = "", *, stream: str = "", where: Namespace | None = None, **slots: Slot
    ) -> None:
        servers, stream = _filled(servers, slots), _filled(stream, slots)
        own = world.new_file("nginx")
        own.mkdir()
        configuration = own / "nginx.conf"
        module, within = (_STREAM_MODULE, f"stream {{\n{stream}\n}}") if stream else ("", "")
        configuration.write_text(_FRAME.format(module=module, own=own, servers=servers, stream=within))
        command = ("nginx", "-e", "stderr", "-c", str(configuration))
        self.running: Running = world.keep((where or world.server).start(*command))
        await_ports(self.running, tcp=[int(port) for port in _LISTEN.findall(servers + stream)])

    def reload(self) -> None:
        """Makes it read its certificates anew."""
        self.running.interrupt(signal.SIGHUP)


def _filled(servers: str, slots: Mapping[str, Slot]) -> str:
    for name, value in {"upgrade": _UPGRADE, **slots}.items():
        text = certificate_lines(value) if isinstance(value, Certificate) else str(value)
        servers = servers.replace(f"<{name}>", text)
    return servers


def certificate_lines(certificate: Certificate) -> str:
    """The directives that name a certificate and its key."""
    return f"ssl_certificate {certificate.chain}; ssl_certificate_key {certificate.key};"


def web_page(world: World, text: str) -> Path:
    """A folder that holds `text` as index.html: a document root."""
    root = world.new_file("html")
    root.mkdir()
    (root / "index.html").write_text(text)
    return root
