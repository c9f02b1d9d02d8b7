"""What did a healthy run prove? No more than its checks saw: a relay counts only where traffic went through it."""

from typing import NamedTuple

from natprobe.model import NatBehaviour, Report, Status
from natprobe_reports.view import CellView, TargetView, targets
from natprobe_reports.words import plural


class _Claim(NamedTuple):
    """What may be said where all of `needs` passed."""

    needs: frozenset[str]
    words: str


_CLAIMS = tuple(
    _Claim(frozenset(needs.split()), words)
    for needs, words in (
        ("ice.connect", "connects"),
        ("turn.relay-in turn.relay-out", "relays in both directions"),
        ("turn.relay-loop", "relays from one allocation to another"),
        ("turn.relay-out", "relays outwards"),
        ("turn.allocate", "gives a relay"),
        ("janus.info", "answers as a Janus gateway"),
        ("srs.version", "answers as an SRS server"),
        ("apprtc.join", "answers as an AppRTC room server"),
        ("collider.register", "registers clients"),
        ("iceservers.shape", "lists servers as browsers take them"),
        ("iceconfig.shape", "returns a sound ICE configuration"),
        ("sio.handshake", "speaks Socket.IO"),
        ("ws.upgrade", "speaks WebSocket"),
        ("http.status", "answers HTTP"),
        ("stun.binding", "answers STUN"),
        ("turn.reach", "answers"),
        ("tls.certificate", "shows a good certificate"),
        ("port.tcp", "is as expected"),
        ("port.udp", "is as expected"),
        ("dns.resolve", "resolves"),
    )
)
_NAMED_TARGETS = 3


def proof(report: Report) -> str:
    """The sentence of a run without trouble."""
    if report.command == "connect":
        return _of_call(report)
    sentences = [_of_target(target) for target in targets(report)]
    sentences += [f"{family}: {nat_words(nat)}" for family, nat in _behaviours(report)]
    if report.candidates:
        sentences.append(f"{plural(len(report.candidates), 'candidate')} gathered")
    rest = len(sentences) - _NAMED_TARGETS
    tail = (f"and {plural(rest, 'more target')}",) if rest > 0 else ()
    return "; ".join((*sentences[:_NAMED_TARGETS], *tail))


def _of_call(report: Report) -> str:
    """Of a call with another machine the path is what counts; how good it is stands with its check."""
    summaries = [check.summary for check in report.checks if check.id == "ice.connect"]
    return summaries[-1].partition(";")[0] if summaries else "no call was made"


def nat_words(nat: NatBehaviour) -> str:
    """One address family's NAT in a phrase."""
    if nat.type == "open-internet":
        return "no NAT, open Internet"
    return f"NAT type {nat.type} (mapping {nat.mapping}, filtering {nat.filtering})"


def _behaviours(report: Report) -> tuple[tuple[str, NatBehaviour], ...]:
    if report.nat is None:
        return ()
    pairs = (("IPv4", report.nat.ipv4), ("IPv6", report.nat.ipv6))
    return tuple((family, nat) for family, nat in pairs if nat is not None)


def _of_target(target: TargetView) -> str:
    cells = tuple(cell for cell in target.cells if cell.place) or target.cells
    proved = [_proved(cell) for cell in cells]
    weakest = max(proved, key=_CLAIMS.index) if all(proved) else None
    words = weakest.words if weakest else "passed"
    names = tuple(dict.fromkeys(cell.transport for cell in cells if cell.transport))
    over = f" over {', '.join(names)}" if names else ""
    return f"{target.asked} {words}{over} ({_checked(cells)})"


def _proved(cell: CellView) -> _Claim | None:
    passed = {check.id for check in cell.checks if check.status is Status.PASS}
    return next((claim for claim in _CLAIMS if claim.needs <= passed), None)


def _checked(cells: tuple[CellView, ...]) -> str:
    scores = {(cell.count(Status.PASS), len(cell.checks) - cell.count(Status.SKIP)) for cell in cells}
    if len(scores) > 1:
        good = sum(cell.count(Status.PASS) for cell in cells)
        return f"{good} of {sum(len(cell.checks) - cell.count(Status.SKIP) for cell in cells)} checks"
    good, asked = scores.pop()
    return f"{good} of {plural(asked, 'check')}" + (" each" if len(cells) > 1 else "")
