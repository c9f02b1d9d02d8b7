"""The report of a whole deployment behind reports/examples: one missing name breaks three targets of two groups."""

from natprobe.diagnose import diagnose
from natprobe.model import Check, Report, Status, Vantage, Verdict
from tests.reports.example_evidence import reached
from tests.reports.example_reports import SERVER

_HOST = "sfu.example.org"
_TURN = "turn:turn.example.org?transport=udp"


def deployment() -> Report:
    """What `natprobe check -d` may tell."""
    return diagnose(
        Report(
            natprobe="0.1.0",
            command="check",
            started="2026-11-21T09:00:00.000Z",
            duration_ms=131.4,
            deadline_ms=20000.0,
            verdict=Verdict.FAIL,
            vantage=Vantage(hostname="probe.example.org", platform="Linux 6.1 CPython 3.11.9"),
            checks=(
                _list_of_servers(),
                _resolved("https://www.example.org/", "web"),
                _unknown(f"wss://{_HOST}/socket.io/", "signalling"),
                _allocated("relay"),
                _unknown(f"janus+https://{_HOST}/janus", "media"),
                _unknown(f"srs+https://{_HOST}/", "media"),
            ),
        )
    )


def _list_of_servers() -> Check:
    return Check(
        id="iceservers.shape",
        target="iceservers:page",
        group="web",
        status=Status.FAIL,
        summary="2 URIs: iceconfig-legacy-url-key",
        started_ms=1.0,
        duration_ms=2.1,
        evidence={
            "name": "iceservers:page",
            "servers": [{"uri": _TURN, "user": "1764000000:alice", "time_limited": True, "followed": "known"}],
        },
        findings=("iceconfig-legacy-url-key",),
        facts={"iceconfig-legacy-url-key": {"uri": "iceservers:page", "name": "stun:stun.example.org"}},
    )


def _resolved(uri: str, group: str) -> Check:
    return Check(
        id="dns.resolve",
        target=uri,
        asked=uri,
        group=group,
        status=Status.PASS,
        summary="www.example.org is 203.0.113.10",
        started_ms=0.3,
        duration_ms=8.2,
    )


def _unknown(uri: str, group: str) -> Check:
    return Check(
        id="dns.resolve",
        target=uri,
        asked=uri,
        group=group,
        status=Status.FAIL,
        summary=f"{_HOST} does not exist (NXDOMAIN)",
        started_ms=0.3,
        duration_ms=21.0,
        findings=("dns-nxdomain",),
        facts={"dns-nxdomain": {"host": _HOST}},
    )


def _allocated(group: str) -> Check:
    return Check(
        id="turn.reach",
        target=_TURN,
        asked=_TURN,
        group=group,
        address=SERVER,
        transport="udp",
        status=Status.PASS,
        summary="203.0.113.10:3478 answers STUN in 20.9 ms",
        started_ms=21.4,
        duration_ms=20.9,
        evidence=reached(SERVER, "udp"),
    )
