"""A real nginx on loopback, with a configuration of the test's own."""

import contextlib
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.lab.process import Running, wait_until

_FRAME = """\
daemon off; pid {directory}/nginx.pid; error_log stderr; worker_processes 1; events {{ }}
http {{
  access_log off; default_type text/plain;
  client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fcgi;
  uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
  {servers}
}}
"""


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on just now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as sock:
        sock.bind((host, 0))
        port: int = sock.getsockname()[1]
        return port


@contextlib.contextmanager
def nginx(servers: str, *ports: int, page: str = "") -> Iterator[Path]:
    """Runs nginx with these server blocks until all `ports` on 127.0.0.1 answer; gives the directory of its files.

    In `servers`, {root} stands for a directory that holds `page` as index.html.
    """
    with tempfile.TemporaryDirectory(prefix="nginx-") as text:
        directory = Path(text)
        directory.chmod(0o755)
        configuration = directory / "nginx.conf"
        blocks = servers.replace("{root}", text)
        (directory / "index.html").write_text(page, encoding="utf-8")
        configuration.write_text(_FRAME.format(directory=directory, servers=blocks), encoding="utf-8")
        with Running(("nginx", "-p", text, "-c", str(configuration))) as running:
            up = wait_until(lambda: running.exit_code is not None or all(map(listens, ports)), 10)
            assert up, running.stderr()
            assert running.exit_code is None, running.stderr()
            yield directory


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
