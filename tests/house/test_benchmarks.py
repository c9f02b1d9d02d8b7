"""The benchmarks run, and compare like with like. No time is asserted."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks import codec
from natprobe.wire.integrity import Integrity

ROOT = Path(__file__).parents[2]


def test_both_codecs_do_the_same_work() -> None:
    pairs = codec.pairs()
    assert pairs["build an answer"].ours() == pairs["build an answer"].theirs()
    assert pairs["parse an answer"].ours() == codec.MAPPED
    verified = pairs["parse and verify a request"]
    assert (verified.ours(), verified.theirs()) == (Integrity.VALID, True)


def test_start_up_is_measured_as_a_ratio() -> None:
    command = [sys.executable, "-m", "benchmarks.startup", "--runs", "1", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=100)
    rows = json.loads(done.stdout)
    assert {"natprobe --help", "python -c pass"} <= {row["program"] for row in rows}
    assert all(row["ratio"] > 0 for row in rows)
