"""The line that a person sees on a terminal while a run goes on."""

import io

from natprobe.address import Address
from natprobe.cli.progress import Progress
from natprobe.events import CheckAdvanced, CheckEnded, CheckPlanned, CheckStarted, RunEnded
from natprobe.model import Status

WHERE = {"id": "port.tcp", "target": "tcp:192.0.2.1:1-1000", "transport": "tcp", "address": Address("192.0.2.1", 1)}


def test_it_says_what_is_waited_for_and_how_far_that_has_come() -> None:
    stream = io.StringIO()
    progress = Progress(stream)

    def line() -> str:
        return stream.getvalue().rpartition("\x1b[K")[2]

    progress(CheckPlanned(at_ms=0, title="Port", **WHERE))  # type: ignore[arg-type]
    progress(CheckStarted(at_ms=0, **WHERE))  # type: ignore[arg-type]
    assert line() == "0/1 checks  port.tcp tcp 192.0.2.1:1"
    progress(CheckAdvanced(at_ms=1, done=412, total=1000, unit="ports", **WHERE))  # type: ignore[arg-type]
    assert line() == "0/1 checks  port.tcp tcp 192.0.2.1:1: 412 of 1000 ports"
    ended = {"status": Status.PASS, "summary": "", "started_ms": 0.0, "duration_ms": 1.0}
    progress(CheckEnded(**WHERE, **ended))  # type: ignore[arg-type]
    assert line() == "1/1 checks  "
    progress(RunEnded(at_ms=2))
    assert line() == ""
