"""`natprobe serve`, as whoever runs it sees it."""

import argparse
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from natprobe.cli import main, serve
from natprobe.cli.parser import UsageError
from natprobe.credential import Credential, Secret
from natprobe.server import FAULTS, ServerConfig
from natprobe.server.beside import serve_beside

COMMAND = (sys.executable, "-c", "import sys; from natprobe.cli import main; sys.exit(main())", "serve")
PASSWORD = "planted-pass-phrase"
SECRET = "planted-shared-secret"


@contextmanager
def serving(config: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """`natprobe serve` on free ports, and the URLs that it says."""
    listen = options or ("--listen", "127.0.0.1:0")
    command = (*COMMAND, "--config", str(config), *listen)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(listen.count("--listen"))]
        try:
            yield process, [line.removeprefix("serving on ").strip() for line in said]
        finally:
            if process.poll() is None:
                process.kill()


def fetched(url: str) -> str:
    with urlopen(url, timeout=60) as answer:  # noqa: S310
        text: str = answer.read().decode()
    return text


def written(folder: Path, text: str) -> Path:
    path = folder / "natprobe.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_stop_and_shows_no_secret(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    config = ServerConfig(users=(Credential("probe", Secret(PASSWORD)),), secret=Secret(SECRET))
    with serve_beside(config) as server:
        target = f"turn:{server.address}?transport=udp"
        path = written(
            tmp_path,
            f'[modules.plain]\ntargets = ["{target}"]\nuser = "probe"\npassword_file = "password"\n'
            f'[modules.minted]\ntargets = ["{target}"]\nsecret_file = "secret"\n',
        )
        with serving(path) as (process, urls):
            probes = [fetched(f"{urls[0]}probe?module={module}&target={target}") for module in ("plain", "minted")]
            rest = [fetched(urls[0] + tail) for tail in ("", "metrics", "-/healthy", "-/ready")]
            debug = fetched(f"{urls[0]}probe?module=plain&target={target}&debug=true")
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
            assert process.returncode == 0
        assert server.allocations == ()
    assert all("\nprobe_success 1.0\n" in probe for probe in probes)
    for text in (*probes, *rest, debug, out, err):
        assert PASSWORD not in text
        assert SECRET not in text


@pytest.mark.parametrize("again", [False, True])
def test_stopping_finishes_or_on_a_second_signal_ends_what_is_probed(tmp_path: Path, again: bool) -> None:  # noqa: FBT001
    (tmp_path / "password").write_text(PASSWORD)
    config = ServerConfig(users=(Credential("probe", Secret(PASSWORD)),), faults=FAULTS["relay-in-dead"].faults)
    with serve_beside(config) as server, ThreadPoolExecutor() as pool:
        target = f"turn:{server.address}?transport=udp"
        path = written(tmp_path, f'[modules.m]\ntargets = ["{target}"]\nuser = "probe"\npassword_file = "password"\n')
        with serving(path) as (process, urls):
            probe = pool.submit(fetched, f"{urls[0]}probe?module=m&target={target}")
            while not server.allocations:
                assert not probe.done()
            process.send_signal(signal.SIGTERM)
            assert process.stderr is not None
            assert process.stderr.readline().startswith("natprobe serve: stopping when the probes that run have ended")
            if again:
                process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=60) == 0
        assert server.allocations == ()
    assert (probe.exception() is None) is not again


def test_it_listens_on_ipv6_and_on_loopback_alone_unless_it_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, '[modules.m]\ntargets = ["stun:192.0.2.1"]\n')
    with serving(path, "--listen", "[::1]:0", "--listen", "127.0.0.1:0") as (_, urls):
        assert [url.split(":")[1] for url in urls] == ["//[", "//127.0.0.1"]
        assert [fetched(f"{url}-/healthy") for url in urls] == ["natprobe serve is healthy\n"] * 2
    parser = argparse.ArgumentParser()
    serve.configure(parser)
    assert "127.0.0.1:9798" in parser.format_help()


def test_a_configuration_can_be_checked_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, '[modules.m]\ntargets = ["stun:192.0.2.1"]\n')
    assert main(["serve", "--config", str(path), "--check"]) == 0
    assert capsys.readouterr().out == f"{path}: 1 module, all secrets are there\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[modules.m]\ntargets = 3\n", "line 2: modules.m.targets: give a list of target URIs"),
        ("x = 3 4", "line 1: no TOML"),
        ('[modules.m]\ntargets = ["iceservers:a"]\n', "targets[0]: iceservers targets are not checked here"),
        (
            '[modules.m]\ntargets = ["turn:192.0.2.1"]\nuser = "u"\npassword_file = "gone"\n',
            "gone: cannot be read (No such file or directory)",
        ),
        (
            '[modules.m]\ntargets = ["turn:192.0.2.1"]\nuser = "u"\npassword_env = "NOT_THERE"\n',
            "module m: password_env NOT_THERE: is empty, or not there",
        ),
        ('[modules.m]\ntargets = ["turn:192.0.2.1"]\nca_file = "gone.pem"\n', "gone.pem: cannot be read"),
    ],
)
def test_a_wrong_configuration_is_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    path = written(tmp_path, text)
    assert main(["serve", "--config", str(path)]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert f"natprobe: --config: {path}: " in err
    assert said in err


def test_a_file_that_is_not_there_or_no_text_is_one_line_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    assert main(["serve", "--config", str(tmp_path / "gone.toml")]) == 2
    assert main(["serve", "--config", str(tmp_path / "bytes.toml")]) == 2
    assert capsys.readouterr().err.count("\n") == 2


@pytest.mark.parametrize(
    "text",
    ["", "9798", ":9798", "localhost:9798", "127.0.0.1", "127.0.0.1:x", "::1:9798", "[127.0.0.1]:1", "1.2.3.4:65536"],
)
def test_an_address_that_is_none_is_a_usage_error(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, '[modules.m]\ntargets = ["stun:192.0.2.1"]\n')
    with pytest.raises(UsageError, match="is no address; write it as"):
        serve.run(argparse.Namespace(config=str(path), listen=[text], check=False))


def test_a_port_that_is_taken_is_a_usage_error(tmp_path: Path) -> None:
    path = written(tmp_path, '[modules.m]\ntargets = ["stun:192.0.2.1"]\n')
    with serving(path) as (_, urls), pytest.raises(UsageError, match="--listen: cannot listen on 127"):
        serve.run(argparse.Namespace(config=str(path), listen=[urls[0][7:-1]], check=False))


def test_a_module_takes_its_targets_and_how_they_are_probed_from_a_deployment_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    with serve_beside(ServerConfig(users=(Credential("probe", Secret(PASSWORD)),))) as server:
        target = f"turn:{server.address}?transport=udp"
        (tmp_path / "deployment.toml").write_text(
            f'[[target]]\nuri = "{target}"\nuser = "probe"\npassword = {{ file = "password" }}\n'
            f'skip = ["turn.refresh"]\n[[ice_servers]]\nservers = [{{ urls = "stun:{server.address}" }}]\n'
        )
        path = written(tmp_path, '[modules.all]\ndeployment = "deployment.toml"\n')
        with serving(path) as (_, urls):
            told = fetched(f"{urls[0]}probe?module=all&target={target}")
            listed = fetched(f"{urls[0]}probe?module=all&target=iceservers:page&debug=true")
            (tmp_path / "password").write_text("another\n")
            later = fetched(f"{urls[0]}probe?module=all&target={target}")
    assert "probe_success 1.0" in told
    assert 'natprobe_check_status{address="' in told
    assert "iceservers.shape" in listed
    assert "stun.binding" in listed
    assert "probe_success 0.0" in later


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('deployment = "gone.toml"', "gone.toml cannot be read (No such file or directory); name a TOML file"),
        ('deployment = "bad.toml"', "bad.toml: line 1: targets[0]: unknown scheme trun:; did you mean turn:?"),
        (
            'deployment = "bad.toml"\nuser = "u"',
            "line 3: modules.m.user: with a deployment file this is what that",
        ),
    ],
)
def test_a_deployment_file_that_cannot_be_used_is_told_before_anything_is_served(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.toml").write_text('targets = ["trun:turn.example.org"]\n')
    assert main(["serve", "--config", str(written(tmp_path, f"[modules.m]\n{text}\n")), "--check"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err
