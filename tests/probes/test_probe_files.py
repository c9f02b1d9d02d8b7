"""A probe is one file, named after its id; whoever needs a few of them loads a few files."""

import json
import subprocess
import sys
from pathlib import Path

import natprobe.probes
from natprobe.probes import SERVER_SCHEMES, all_probes, probes_about, probes_for

FILES = {file.stem for file in Path(natprobe.probes.__file__).parent.glob("*_*.py") if file.stem != "__init__"}
_RUN = """\
import json, sys
from natprobe.probes import probes_about

probes_about("nat")
print(json.dumps([*sys.modules]))
"""


def test_each_file_bears_the_id_of_its_probe() -> None:
    assert {probe.id.replace(".", "_").replace("-", "_") for probe in all_probes()} == FILES


def test_the_probes_about_a_subject_are_those_whose_ids_begin_with_it() -> None:
    wanted = [probe for probe in all_probes() if probe.id.startswith(("dns.", "nat."))]
    assert list(probes_about("dns", "nat")) == wanted


def test_no_other_file_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", _RUN], capture_output=True, text=True, check=True, timeout=60)
    loaded = {name.rpartition(".")[2] for name in json.loads(done.stdout) if name.startswith("natprobe.probes.")}
    assert loaded == {name for name in FILES if name.startswith("nat_")}


def test_a_check_of_servers_alone_gets_every_probe_that_asks_them_something() -> None:
    asked = {each.id for each in all_probes() if each.scope in {"target", "cell"} and each.schemes & SERVER_SCHEMES}
    gathering = {each for each in asked if each.startswith("ice.")}  # `natprobe gather` is for these
    assert {each.id for each in probes_for(SERVER_SCHEMES)} >= asked - gathering
    assert probes_for(SERVER_SCHEMES | {"https"}) == all_probes()
