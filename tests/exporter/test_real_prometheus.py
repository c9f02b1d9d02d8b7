"""Does a real Prometheus, with the configuration of our examples, scrape what natprobe serves?"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from natprobe.credential import Credential, Secret
from natprobe.server import FAULTS, ServerConfig
from natprobe.server.beside import serve_beside

pytestmark = pytest.mark.prometheus

EXAMPLES = Path(__file__).parents[2] / "examples" / "prometheus"
PASSWORD = "planted-pass-phrase"
PATIENCE_S = 60
"""How long something that has to come is waited for; nothing is judged by it."""

NEEDS_MORE = r"rate|increase|dns_lookup|cert_expiry|== [01]$"
"""What a panel tells of: two scrapes, names, certificates, faults. This test has none of these."""


@contextmanager
def exporter(folder: Path, *targets: str) -> Iterator[str]:
    """`natprobe serve` for these targets: its address."""
    (folder / "turn.password").write_text(PASSWORD)
    listed = ", ".join(f'"{target}"' for target in targets)
    (folder / "natprobe.toml").write_text(
        f'[modules.turn]\ntargets = [{listed}]\nuser = "probe"\npassword_file = "turn.password"\n'
    )
    program = "import sys; from natprobe.cli import main; sys.exit(main())"
    command = (sys.executable, "-c", program, "serve", "--config", folder / "natprobe.toml", "--listen", "127.0.0.1:0")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().removeprefix("serving on http://").strip().rstrip("/")
        finally:
            process.terminate()
    assert process.returncode == 0


@contextmanager
def prometheus(folder: Path, configuration: str) -> Iterator[str]:
    """A Prometheus on a free port of loopback: its URL, and in `folder` its log."""
    (folder / "alerts.yml").write_text((EXAMPLES / "alerts.yml").read_text(encoding="utf-8"))
    (folder / "prometheus.yml").write_text(configuration)
    command = (
        "prometheus", f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
        "--web.listen-address=127.0.0.1:0",
    )  # fmt: skip
    log = folder / "prometheus.log"
    with log.open("wb") as file, subprocess.Popen(command, stdout=file, stderr=file, cwd=folder) as process:
        try:
            yield f"http://{awaited(lambda: listening(log))}"
        finally:
            process.terminate()


def listening(log: Path) -> str | None:
    text = log.read_text(errors="replace")
    found = re.search(r'msg="Listening on" address=(\S+)', text)
    return found[1] if found and "Server is ready" in text else None


def awaited(look: Any) -> Any:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.1)
    pytest.fail("it did not come")


def asked(url: str, path: str) -> Any:
    with urlopen(f"{url}/api/v1/{path}", timeout=30) as answer:  # noqa: S310
        read = json.load(answer)
    assert read["status"] == "success"
    return read["data"]


def queried(url: str, expression: str) -> dict[str, float]:
    """The value of each instance."""
    found = asked(url, f"query?query={quote(expression)}")["result"]
    return {series["metric"].get("instance", ""): float(series["value"][1]) for series in found}


def example(exporter_address: str, targets: list[str]) -> str:
    """The example's configuration, with this exporter and these targets, and faster."""
    text = (EXAMPLES / "prometheus.yml").read_text(encoding="utf-8")
    scrapes, stun, itself = text.split("  - job_name: ")[1:]
    assert stun.startswith("natprobe-stun")
    listed = "".join(f"          - {target}\n" for target in targets)
    scrapes = re.sub(r"(?:          - turns?:\S+\n)+", listed, scrapes)
    head = text.partition("scrape_configs:")[0].replace("60s", "3s").replace("20s", "3s")
    whole = f"{head}scrape_configs:\n  - job_name: {scrapes}\n  - job_name: {itself}"
    return whole.replace("127.0.0.1:9798", exporter_address)


def test_prometheus_scrapes_what_works_and_what_does_not_within_its_own_timeout(tmp_path: Path) -> None:
    users = (Credential("probe", Secret(PASSWORD)),)
    sound, silent = ServerConfig(users=users), ServerConfig(users=users, faults=FAULTS["silent"].faults)
    with serve_beside(sound) as works, serve_beside(silent) as dead:
        good, bad = (f"turn:{server.address}?transport=udp" for server in (works, dead))
        not_allowed = "turn:192.0.2.1:3478"
        with exporter(tmp_path, good, bad) as address:
            configuration = example(address, [good, bad, not_allowed])
            with prometheus(tmp_path, configuration) as url:
                seen = awaited(lambda: (it := queried(url, "probe_success")).keys() >= {good, bad} and it)
                assert (seen[good], seen[bad]) == (1, 0)
                up = awaited(lambda: len(it := queried(url, "up")) == 4 and it)
                assert up == {good: 1, bad: 1, not_allowed: 0, address: 1}
                assert queried(url, 'natprobe_verdict{verdict="pass"}')[good] == 1
                assert queried(url, 'natprobe_check_success{check="turn.relay-in"}') == {good: 1}
                awaited(lambda: queried(url, 'natprobe_exporter_refused_total{reason="not-allowed"}').get(address))
                everything_is_queried(url)
                targets = json.dumps(asked(url, "targets"))
    assert PASSWORD not in targets + (tmp_path / "prometheus.log").read_text(errors="replace")


def everything_is_queried(url: str) -> None:
    """Each expression of the dashboard finds something, but for what is about other trouble."""
    text = (EXAMPLES / "grafana-dashboard.json").read_text(encoding="utf-8")
    expressions = [target["expr"] for panel in json.loads(text)["panels"] for target in panel["targets"]]
    for name, value in {"$job": ".+", "$instance": ".+", "$__rate_interval": "1m"}.items():
        expressions = [expression.replace(name, value) for expression in expressions]
    empty = [expression for expression in expressions if not queried(url, expression)]
    assert [expression for expression in empty if not re.search(NEEDS_MORE, expression)] == []
