"""What users install: the wheel, and the wheel that the sdist makes, in an environment of its own."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from natprobe import __version__
from natprobe.catalogue.store import SECTIONS

ROOT = Path(__file__).parents[2]


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(target: str, source: Path, into: Path) -> Path:
    """A distribution made by the build backend itself, which needs no network: `wheel` or `sdist`."""
    run(sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", into, cwd=source)
    return next(into.glob("*.whl" if target == "wheel" else "*.tar.gz"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made from the sdist, as pip does it where there is no wheel."""
    unpacked = tmp_path_factory.mktemp("unpacked")
    run(sys.executable, "-m", "tarfile", "--extract", sdist, unpacked)
    return build("wheel", unpacked / f"natprobe-{__version__}", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of programs of an environment that holds the wheel, and beside it this one's dependencies."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, symlinks=os.name != "nt")
    directory = place / ("Scripts" if os.name == "nt" else "bin")
    run(sys.executable, "-m", "pip", "--python", directory / "python", *_PIP, wheel)
    site = run(directory / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    # Only the directory: a .pth file in it, which makes this checkout importable, is not read from here.
    (Path(site) / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return directory


_PIP = ("--disable-pip-version-check", "--no-input", "install", "--quiet", "--no-deps", "--no-index")


def test_the_wheel_holds_every_room_and_its_data(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert names >= {f"natprobe/catalogue/{section}.toml" for section in SECTIONS}
    assert names >= {f"{package}/py.typed" for package in ("natprobe", "natprobe_reports", "natprobe_tui")}
    assert names >= {path.relative_to(ROOT).as_posix() for path in (ROOT / "natprobe").rglob("*.py")}
    for room in ("reports", "tui"):
        assert names >= {path.relative_to(ROOT / room).as_posix() for path in (ROOT / room).rglob("*.py")}


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert tops == {"natprobe", "natprobe_reports", "natprobe_tui", f"natprobe-{__version__}.dist-info"}


def test_the_sdist_holds_what_the_tests_need(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names >= {"pyproject.toml", "LICENSE", "CHANGELOG.md", "README.md", "tests/conftest.py", "scripts/test"}


def test_the_installed_program_knows_its_version(scripts: Path, tmp_path: Path) -> None:
    assert run(scripts / "natprobe", "--version", cwd=tmp_path) == f"natprobe {__version__}\n"


def test_the_installed_program_has_its_catalogue(scripts: Path, tmp_path: Path) -> None:
    assert run(scripts / "natprobe", "explain", "turn-500", cwd=tmp_path).startswith("turn-500 (")


def test_the_installed_program_checks(scripts: Path, tmp_path: Path) -> None:
    assert '"verdict": "pass"' in run(scripts / "natprobe", "demo", "--json", cwd=tmp_path)


def test_the_installed_packages_are_those_of_the_wheel(scripts: Path, tmp_path: Path) -> None:
    program = "import natprobe, natprobe_reports, natprobe_tui as tui; print(natprobe_reports.__file__, tui.__file__)"
    files = run(scripts / "python", "-c", program, cwd=tmp_path).split()
    assert len(files) == 2
    assert all(Path(file).is_relative_to(scripts.parent) for file in files)
