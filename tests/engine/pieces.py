"""Checks as a run tells them, and what they mean together."""

from typing import Any

from natprobe.address import Address
from natprobe.diagnose import diagnose
from natprobe.model import Check, Report, Status, Vantage, Verdict

HOST = "192.0.2.1"


def check(
    name: str, target: str, *findings: str, status: Status | None = None, asked: str | None = None, **more: Any
) -> Check:
    """A check that failed, where it raises something; `asked` as `target`, where nothing else is said."""
    facts = {finding: {"host": HOST, "address": f"{HOST}:3478", "port": "3478"} for finding in findings}
    return Check(
        id=name,
        target=target,
        asked=asked or target,
        status=status or (Status.FAIL if findings else Status.PASS),
        summary="",
        started_ms=0.0,
        duration_ms=1.0,
        findings=findings,
        facts=facts,
        **more,
    )


def at(port: int, transport: str = "udp") -> dict[str, Any]:
    """Where a check looked."""
    return {"address": Address(HOST, port), "transport": transport}


def diagnosed(*checks: Check) -> Report:
    """The report of `checks`; diagnosing it again changes nothing."""
    vantage = Vantage(hostname="h", platform="p")
    began = Report(
        natprobe="0", command="check", started="", duration_ms=1.0, verdict=Verdict.PASS, vantage=vantage, checks=checks
    )
    report = diagnose(began)
    assert diagnose(report) == report
    return report
