"""What is loaded by what? Looked up in `sys.modules` of a process of its own."""

import json
import subprocess
import sys

from natprobe.credential import Credential, Secret
from natprobe.server import ServerConfig
from natprobe.server.beside import serve_beside

HEAVY = {"aioice", "h11", "jinja2", "prometheus_client", "rich", "scapy", "textual", "websockets"}
"""What only some commands need."""
TLS = {"OpenSSL", "cryptography"}
NAMES = {"dns"}

_RUN = """\
import atexit, json, sys
atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))
from natprobe.cli import main
sys.exit(main(sys.argv[1:]))
"""


def loaded_by(program: str, *arguments: str) -> tuple[int, set[str]]:
    """The exit code of a Python program, and the modules that it had loaded at its end: the last line on stderr."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, set(json.loads(done.stderr.splitlines()[-1]))


def packages(modules: set[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules}


def test_help_loads_the_parser_and_little_else() -> None:
    code, modules = loaded_by(_RUN, "--help")
    assert code == 0
    assert "natprobe.cli.parser" in modules
    assert not packages(modules) & (HEAVY | TLS | NAMES | {"asyncio", "msgspec", "natprobe_reports", "natprobe_tui"})


def test_a_udp_check_of_an_address_loads_no_tls_no_dns_and_no_dashboard() -> None:
    config = ServerConfig(users=(Credential("alice", Secret("correct horse")),))
    with serve_beside(config) as server:
        target = f"turn:{server.address}?transport=udp"
        code, modules = loaded_by(_RUN, "check", target, "-u", "alice", "-p", "correct horse")
    assert code == 0
    assert "natprobe.probes.turn_allocate" in modules
    assert not packages(modules) & (HEAVY | TLS | NAMES | {"natprobe_tui"})


def test_tls_is_loaded_where_the_target_asks_for_it() -> None:
    config = ServerConfig(users=(Credential("alice", Secret("correct horse")),))
    with serve_beside(config) as server:
        target = f"turns:{server.address}?transport=tcp"  # the plain port: its handshake fails, which is enough
        _, modules = loaded_by(_RUN, "check", target, "-u", "alice", "-p", "correct horse")
    assert packages(modules) >= TLS
    assert not packages(modules) & (HEAVY | {"natprobe_tui"})


def test_the_folder_of_probes_loads_no_probe_by_itself() -> None:
    _, modules = loaded_by(_RUN.replace("from natprobe.cli import main", "import natprobe.probes; main = lambda _: 0"))
    assert "natprobe.probes" in modules
    assert not {module for module in modules if module.startswith("natprobe.probes.")}
