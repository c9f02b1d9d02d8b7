"""`--history` and `--trend`: nothing is lost, nothing is half written, and foreign files stay."""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from natprobe.cli import main
from natprobe.cli.history import keep, read
from natprobe.model import Report
from tests.difference.pieces import check, report

NAME = re.compile(r"20261121T\d{6}\.000Z-check-[0-9a-f]{8}\.json")


def at(hour: int, status: str = "pass") -> Report:
    return report(check(status=status), started=f"2026-11-21T{hour:02}:00:00.000Z")


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_names_sort_by_time(tmp_path: Path) -> None:
    for hour in (11, 9, 10):
        keep(at(hour), tmp_path, 10)
    assert all(map(NAME.fullmatch, names(tmp_path)))
    reports, skipped = read([str(tmp_path)])
    assert [each.started[11:13] for each in reports] == ["09", "10", "11"]
    assert skipped == []


def test_the_oldest_goes_first_and_foreign_files_stay(tmp_path: Path) -> None:
    foreign = ("20200101T000000Z.json", "notes.txt", ".20261121T000000.000Z-check-12345678.json.tmp")
    for name in foreign:
        (tmp_path / name).write_text("mine")
    for hour in range(6):
        keep(at(hour), tmp_path, 2)
    assert [name[9:11] for name in names(tmp_path) if NAME.fullmatch(name)] == ["04", "05"]
    assert set(foreign) < set(names(tmp_path))


def test_what_a_killed_run_left_is_swept_when_it_is_old(tmp_path: Path) -> None:
    left = tmp_path / ".20261121T000000.000Z-check-12345678.json.tmp"
    left.write_text("{")
    os.utime(left, (0, 0))
    keep(at(1), tmp_path, 2)
    assert not left.exists()


def test_runs_that_keep_at_once_lose_nothing(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: keep(at(number % 24), tmp_path, 100), range(60)))
    reports, skipped = read([str(tmp_path)])
    assert (len(reports), skipped) == (60, [])


def test_runs_that_rotate_at_once_leave_the_newest_whole(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; sys.path.insert(0, sys.argv[2]); from natprobe.cli.history import keep\n"
        "from tests.cli.test_history import at\n"
        "for hour in range(24): keep(at(hour), pathlib.Path(sys.argv[1]), 3)"
    )
    root = Path(__file__).parents[2]
    paths = os.pathsep.join(map(str, (root, root / "reports", root / "tui")))
    command = [sys.executable, "-c", program, str(tmp_path), str(root)]
    running = [subprocess.Popen(command, env=os.environ | {"PYTHONPATH": paths}) for _ in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    reports, skipped = read([str(tmp_path)])
    assert skipped == []
    assert [each.started[11:13] for each in reports] == ["23", "23", "23"]


def test_a_file_that_is_no_report_is_passed_over_with_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(at(1), tmp_path, 9)
    keep(at(2, "fail"), tmp_path, 9)
    (tmp_path / "half.json").write_text('{"schema": "natprobe/rep')
    assert main(["report", "--trend", str(tmp_path)]) == 0
    captured = capsys.readouterr()
    assert "  state  .F  failed at times: turn.reach" in captured.out
    assert re.fullmatch(r"natprobe: skipped \S*half\.json: not a natprobe report: .*\n", captured.err)


def test_the_trend_is_drawn_on_a_page(tmp_path: Path) -> None:
    files = [str(keep(at(hour), tmp_path, 9)) for hour in (3, 1)]
    page, data = tmp_path / "trend.html", tmp_path / "trend.json"
    assert main(["report", "--trend", *files, "--html", str(page), "--json", str(data)]) == 0
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert json.loads(data.read_text())["schema"] == "natprobe/trend/1"


def test_the_trend_as_data_has_one_value_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(keep(at(hour), tmp_path, 9)) for hour in (3, 1)]
    assert main(["report", "--trend", *files, "--json", "-"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == "natprobe/trend/1"
    assert [run["started"][11:13] for run in told["runs"]] == ["01", "03"]
    assert told["lines"][0]["statuses"] == ["pass", "pass"]


def test_a_run_keeps_its_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = tmp_path / "new" / "history"
    assert main(["demo", "--json", "--history", str(directory)]) == 0
    (path,) = directory.iterdir()
    assert json.loads(path.read_text()) == json.loads(capsys.readouterr().out)


def test_the_default_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["check", "--help"])
    assert "newest N reports there (default: 500)" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ["demo", "--history", __file__],
        ["demo", "--history", "x", "--history-keep", "0"],
        ["demo", "--history", "x", "--history-keep", "many"],
        ["report", "--trend", __file__],
        ["report", "--trend", __file__, "--junit", "trend.xml"],
        ["report", "--trend", "missing"],
    ],
)
def test_a_history_that_cannot_be_is_told_in_a_line_a_file(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[-1].startswith("natprobe: ")


def test_a_full_disk_costs_the_history_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("natprobe.cli.keeping.keep", full)
    assert main(["demo", "--json", "--history", str(tmp_path)]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["verdict"] == "pass"
    assert captured.err == f"natprobe: --history: {tmp_path} did not take the report (No space left on device)\n"
