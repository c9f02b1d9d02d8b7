"""Do the examples for CI hold: for the tools that read them, and for natprobe's own parser and checks?"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import tree_sitter
import tree_sitter_groovy
from ruamel.yaml import YAML

from natprobe.cli import main
from natprobe.cli.options import deadline_s
from natprobe.cli.output import formats
from natprobe.cli.parser import parse
from natprobe.cli.planning import parsed
from natprobe.credential import Credential, Secret
from natprobe.server import ServerConfig
from natprobe.server.beside import serve_beside
from tests.examples.commands import in_markdown, in_shell, in_unit, in_values

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "ci"
PASSWORD = "planted-pass-phrase"
Commands = Callable[[str], Iterator[list[str]]]
NATPROBE = "/usr/local/bin/natprobe"


def in_yaml(text: str) -> Iterator[list[str]]:
    return in_values(YAML(typ="safe").load(text))


READERS: dict[str, Commands] = {
    "examples/ci/github-actions.yml": in_yaml,
    "examples/ci/gitlab-ci.yml": in_yaml,
    "examples/ci/kubernetes-cronjob.yaml": in_yaml,
    "examples/ci/Jenkinsfile": in_shell,
    "examples/ci/natprobe-check.service": in_unit,
    "examples/ci/natprobe-serve.service": in_unit,
    "docs/ci.md": in_markdown,
    "docs/prometheus.md": in_markdown,
}


def commands(name: str) -> list[list[str]]:
    return list(READERS[name]((ROOT / name).read_text(encoding="utf-8")))


CHECKS = [pytest.param(argv, id=name) for name in READERS for argv in commands(name) if argv[0] == "check"]


def test_every_example_is_looked_at() -> None:
    told = {name.removeprefix("examples/ci/") for name in READERS if name.startswith("examples/ci/")}
    assert {path.name for path in FOLDER.iterdir()} == told | {"natprobe-check.timer"}
    assert len(CHECKS) == 6


@pytest.mark.parametrize("name", READERS)
def test_every_command_is_one_that_natprobe_takes(name: str) -> None:
    found = commands(name)
    assert found
    for argv in found:
        args = parse(argv)
        if argv[0] == "check":
            assert len(parsed(args.targets)) == len(args.targets)
            assert deadline_s(args) <= 30
            assert {report.partition("=")[0] for report in args.report} <= set(formats())


@pytest.mark.parametrize("argv", CHECKS)
def test_every_check_runs_and_writes_what_it_promises(
    argv: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NATPROBE_PASSWORD", PASSWORD)
    (tmp_path / "password").write_text(PASSWORD)
    with serve_beside(ServerConfig(users=(Credential("probe", Secret(PASSWORD)),))) as server:
        uri = f"turn:{server.address}?transport=udp"
        assert main([here(word, uri) for word in argv]) == 0
    reports = [word.partition("=")[2] for word in argv if word.partition("=")[0] in formats()]
    assert [file for file in reports if (tmp_path / Path(file).name).stat().st_size <= 100] == []
    assert PASSWORD not in capsys.readouterr().out + "".join(path.read_text() for path in tmp_path.glob("[!p]*"))


def here(word: str, uri: str) -> str:
    """A word of an example's command, for this test: its server, its folder, its password."""
    if word.startswith(("turn:", "turns:")):
        return uri
    form, equals, file = word.partition("=")
    if equals and form in formats():
        return f"{form}={Path(file).name}"
    known = {"%d/turn.password": "password", "$TURN_USR": "probe"}
    return known.get(word, word)


@pytest.mark.parametrize(
    ("schema", "name"), [("vendor.github-workflows", "github-actions.yml"), ("vendor.gitlab-ci", "gitlab-ci.yml")]
)
def test_the_vendors_schema_is_content(schema: str, name: str, tmp_path: Path) -> None:
    assert validated(schema, FOLDER / name) == 0
    broken = tmp_path / name
    broken.write_text((FOLDER / name).read_text(encoding="utf-8").replace("script:", "skript:").replace("run:", "rum:"))
    assert validated(schema, broken) == 1


def validated(schema: str, path: Path) -> int:
    command: list[str | Path] = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, path]
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode


@pytest.mark.systemd
def test_systemd_is_content(tmp_path: Path) -> None:
    program = shutil.which("true")
    assert program is not None
    for path in FOLDER.glob("natprobe-*.*"):
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(text.replace(NATPROBE, program))
    units = sorted(tmp_path.glob("natprobe-*"))
    assert len(units) == 3
    assert verified(units) == ""
    units[0].write_text(units[0].read_text().replace("Type=oneshot", "Type=oneshoot"))
    assert "oneshoot" in verified(units)


def verified(units: list[Path]) -> str:
    """What systemd finds wrong. It wants a folder for its own sockets, which need not be the system's."""
    command: list[str | Path] = ["systemd-analyze", "verify", "--man=no", *units]
    environment = os.environ | {"XDG_RUNTIME_DIR": str(units[0].parent)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)
    ours = [line for line in done.stderr.splitlines() if "natprobe" in line]
    return "\n".join(ours)


def cron_job() -> dict[str, Any]:
    read: dict[str, Any] = YAML(typ="safe").load((FOLDER / "kubernetes-cronjob.yaml").read_text(encoding="utf-8"))
    return read


def test_kubernetes_own_schema_is_content() -> None:
    job, newest = cron_job(), kubernetes_validate.latest_version()
    kubernetes_validate.validate(job, newest, strict=True)
    job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["restart"] = "Never"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, newest, strict=True)


def test_the_cron_job_has_the_shape_that_kubernetes_wants() -> None:
    job = cron_job()
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "CronJob")
    assert re.fullmatch(r"(\S+ ){4}\S+", job["spec"]["schedule"])
    assert job["spec"]["concurrencyPolicy"] in {"Allow", "Forbid", "Replace"}
    assert job["spec"].keys() <= {
        "schedule", "concurrencyPolicy", "startingDeadlineSeconds", "successfulJobsHistoryLimit",
        "failedJobsHistoryLimit", "jobTemplate", "suspend", "timeZone",
    }  # fmt: skip
    assert job["spec"]["jobTemplate"]["spec"].keys() == {"backoffLimit", "activeDeadlineSeconds", "template"}


def test_the_cron_jobs_pod_is_whole_and_locked_down() -> None:
    pod = cron_job()["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["restartPolicy"] in {"Never", "OnFailure"}  # a Job takes no other
    assert pod["securityContext"]["runAsNonRoot"] is True
    volumes = {volume["name"] for volume in pod["volumes"]}
    for container in (*pod["initContainers"], *pod["containers"]):
        assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert all(isinstance(word, str) for word in (*container["command"], *container.get("args", ())))
        assert all(("value" in variable) != ("valueFrom" in variable) for variable in container["env"])


def test_the_jenkinsfile_is_groovy_with_the_sections_of_a_declarative_pipeline() -> None:
    text = (FOLDER / "Jenkinsfile").read_text(encoding="utf-8")
    groovy = tree_sitter.Parser(tree_sitter.Language(tree_sitter_groovy.language()))
    assert not groovy.parse(text.encode()).root_node.has_error
    assert groovy.parse(text.replace("    stages {", "    stages", 1).encode()).root_node.has_error
    assert re.findall(r"^    (\w+) \{", text, re.MULTILINE) == ["triggers", "options", "environment", "stages", "post"]


def test_no_example_holds_a_secret() -> None:
    for path in FOLDER.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"--?(?:p|password|secret)[ =](?!-)\S", text.replace("--password-file", ""))
