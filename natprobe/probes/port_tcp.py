"""Does the port take TCP connections: open, refused, rejected, unreachable, or filtered (silence)?

A silent port is told from a host that is down by controls: the same port over UDP, and other ports of the host. What
the user says shall be closed is wrong where it is open; a refusal proves that it is not, silence says how often it was
asked. Where the check is cut off, what was found until then is judged, and no port that was not asked.
"""

import asyncio
from dataclasses import dataclass

import msgspec

from natprobe.address import Address
from natprobe.client.control import Control, around
from natprobe.client.knock import KNOCK_S, SHORT_KNOCK_S, knock, meet, opened
from natprobe.client.port_words import asked, exposed, facts, listed, named, portion, told, unasked
from natprobe.client.ports import (
    PortAnswer,
    PortRun,
    PortWord,
    Ranges,
    all_ports,
    chosen,
    count,
    counted,
    is_wanted,
    range_of,
    runs,
    those,
)
from natprobe.client.resets import ResetOrigin, reset_origin
from natprobe.client.rig import Accepting, Trusted
from natprobe.client.scan import Scan
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.net.raw import limits
from natprobe.probe import Context, Judgement, Probe
from natprobe.target import SCHEMES

MOST_MET = 16
"""So many services of a target are asked who they are."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the ports answered."""

    server: Address
    """With the only port, or the lowest."""
    ranges: Ranges
    runs: tuple[PortRun, ...]
    closed: bool = False
    """Whether the user expects the ports not to be reachable."""
    controls: tuple[Control, ...] = ()
    """What else the host says, asked only where ports are silent and none answers."""
    left: int = 0
    """How many ports more were to be asked when the check was cut off."""
    reset: ResetOrigin | None = None
    """Who reset the first port that is refused; None where none is, or where that cannot be told."""


async def observe(ctx: Context) -> Evidence:
    """Knocks at each port, three SYN each or two where they are many; controls begin after a second of silence."""
    cell, closed = ctx.cell, ctx.settings.expect.closed
    ranges: Ranges = cell.target.ports or ((cell.address.port, cell.address.port),)
    scan = Scan(all_ports(ranges) if ctx.settings.every_port else chosen(ranges))
    asides = ctx.hold.tasks.create_task(around(cell.address, ctx.hold, ctx.once))

    def found() -> Evidence:
        told = runs(scan.answers.values(), ranges, scan.left)
        asked_too = _heard(asides) if _is_doubtful(scan) and not closed else ()
        return Evidence(
            server=cell.address, ranges=ranges, runs=told, closed=closed, controls=asked_too, left=len(scan.left)
        )

    ctx.keep(lambda: found() if scan.answers else None)
    try:
        await scan.ask_all(_Asker(ctx, scan, count(ranges)).ask, ctx.advance)
        if _is_doubtful(scan) and not closed:
            await asides
    finally:
        asides.cancel()
    if scan.answers[cell.address.port].word == "open" and not closed:
        ctx.bench.put(Accepting())
        if cell.transport == "tcp":
            ctx.bench.put(Trusted())  # nothing promises a certificate
    evidence = found()
    refused = next((run for run in those(evidence.runs, "refused") if is_wanted(run, ranges) and not closed), None)
    reset = await reset_origin(ctx.hold, Address(cell.address.host, refused.first)) if refused else None
    return msgspec.structs.replace(evidence, reset=reset)


def _is_doubtful(scan: Scan) -> bool:
    """Whether ports are silent, and no other says that their host is up."""
    words = {answer.word for answer in scan.answers.values()}
    return "silent" in words and words.isdisjoint(_ALIVE)


def _heard(asides: asyncio.Task[tuple[Control, ...]]) -> tuple[Control, ...]:
    """What the controls have told; nothing where they were cut off themselves."""
    return asides.result() if asides.done() and not asides.cancelled() else ()


@dataclass(slots=True)
class _Asker:
    """Asks ports one by one; of a `tcp:` target it also asks who listens, until it has met a few."""

    ctx: Context
    scan: Scan
    ports: int
    met: int = 0

    async def ask(self, port: int) -> PortAnswer:
        """See Scan. That a port is open is kept before its service is asked for its name."""
        target, address = self.ctx.cell.target, Address(self.ctx.cell.address.host, port)
        patience_s = KNOCK_S if self.ports == 1 else SHORT_KNOCK_S
        if target.scheme != "tcp" or self.met >= MOST_MET:
            return await knock(self.ctx.hold, address, patience_s)
        answer, stream = await opened(self.ctx.hold, address, patience_s)
        if stream is None:
            return answer
        self.met += 1
        self.scan.note(answer)
        return await meet(answer, stream, f"{target.host}:{port}")


def judge(evidence: Evidence) -> Judgement:
    """Each word has its own cause; of a large range it is enough that nothing keeps packets from it."""
    words = counted(evidence.runs)
    if set(words) <= {"no-route", "untold"}:
        return _not_asked(evidence)
    if evidence.closed:
        return _judged_closed(evidence, words)
    faults, partly = _faults(evidence), _partly(evidence)
    raised, summary = (*faults, *partly), _summary(evidence)
    if evidence.left and not faults:
        return Judgement(status=Status.INCONCLUSIVE, summary=summary, raised=raised)
    otherwise = Status.INCONCLUSIVE if "untold" in words else Status.PASS
    status = Status.FAIL if faults else Status.WARN if partly else otherwise
    return Judgement(status=status, summary=summary, raised=raised)


def _not_asked(evidence: Evidence) -> Judgement:
    answer = evidence.runs[0].answer
    summary = f"not tested: {answer.detail}"
    if answer.word == "no-route":
        raised = (Raised(id="no-route", facts=facts(evidence.server, evidence.runs, "tcp")),)
        return Judgement(status=Status.SKIP, summary=summary, raised=raised)
    return Judgement(status=Status.INCONCLUSIVE, summary=summary)


def _judged_closed(evidence: Evidence, words: dict[PortWord, int]) -> Judgement:
    found, host = tuple(those(evidence.runs, "open")), evidence.server.host
    if found:
        raised = (Raised(id="service-exposed", facts=exposed(evidence.server, found, "tcp")),)
        summary = f"{host}: expected closed, but {named(found)} open{unasked(evidence.left)}"
        return Judgement(status=Status.FAIL, summary=summary, raised=raised)
    status = Status.INCONCLUSIVE if "untold" in words or evidence.left else Status.PASS
    summary = f"{host}: closed as expected: {told(evidence.runs)}{unasked(evidence.left)}"
    return Judgement(status=status, summary=summary)


def _faults(evidence: Evidence) -> tuple[Raised, ...]:
    """What keeps wanted ports from being open, and what keeps a whole range from being reached."""
    wanted = [run for run in evidence.runs if is_wanted(run, evidence.ranges)]
    dark = [run for run in evidence.runs if run not in wanted and not evidence.left and not _is_reached(evidence, run)]
    raised = []
    for word, finding in _FINDINGS.items():
        fitting = [*those(wanted, word), *(those(dark, word) if word != "refused" else ())]
        if fitting:
            raised.append(_fault(evidence, finding, fitting))
    return tuple(raised)


def _fault(evidence: Evidence, finding: str, fitting: list[PortRun]) -> Raised:
    said = facts(evidence.server, fitting, "tcp")
    if finding == "tcp-port-blocked":
        alive = _alive(evidence)
        nobody = "all-ports-blocked-host-down" if evidence.controls else "tcp-port-silent"
        finding = "tcp-port-blocked" if alive else nobody
        said["detail"] = alive or "nothing else answers either"
    if finding == "tcp-port-refused":
        said["detail"] = _whose(evidence.reset) or "the host is reached, and nothing listens on the port"
    return Raised(id=finding, facts=said)


def _whose(reset: ResetOrigin | None) -> str:
    """Whose reset it is, where that is not the host's."""
    if reset is None or reset.nearer == 0:
        return ""
    near = f"{abs(reset.nearer)} hop{'s' * (abs(reset.nearer) > 1)} {'nearer' if reset.nearer > 0 else 'farther away'}"
    return (
        f"the reset comes from {near} than what accepts on port {reset.open_port}: "
        "a firewall or gateway sent it, or one of the two is a container"
    )


def _is_reached(evidence: Evidence, run: PortRun) -> bool:
    """Whether any port of the run's range was reached."""
    first, last = range_of(run, evidence.ranges)
    inside = [other for other in evidence.runs if first <= other.first <= last]
    return any(those(inside, "open", "refused"))


def _partly(evidence: Evidence) -> tuple[Raised, ...]:
    """Large ranges that answer in part, and in part do not."""
    surveyed = [run for run in evidence.runs if not is_wanted(run, evidence.ranges) and _is_reached(evidence, run)]
    dark, reached = tuple(those(surveyed, *_DARK)), tuple(those(surveyed, "open", "refused"))
    if not dark:
        return ()
    said = {"range": listed(dark), "detail": f"{told(reached)}, while {told(dark)}"}
    return (Raised(id="port-range-partly-blocked", facts=facts(evidence.server, dark, "tcp") | said),)


def _alive(evidence: Evidence) -> str:
    """What proves that the host is up; nothing where nothing does."""
    reached = tuple(those(evidence.runs, *_ALIVE))
    if reached:
        return told(reached)
    return next((str(control) for control in evidence.controls if control.alive), "")


def _summary(evidence: Evidence) -> str:
    if count(evidence.ranges) > 1:
        said = f"{portion(evidence.runs, evidence.ranges)}{told(evidence.runs)}{unasked(evidence.left)}"
        return f"{evidence.server.host}: {said}"
    answer = evidence.runs[0].answer
    if answer.word == "open":
        by = f": {answer.service}" if answer.service else ""
        return f"{evidence.server} is open, connected in {answer.rtt_ms or 0:.1f} ms{by}"
    if answer.word != "silent":
        return "; ".join(filter(None, (answer.detail, _whose(evidence.reset))))
    alive = _alive(evidence)
    also = f", while {alive}" if alive else "; nothing else of the host that was asked answers either"
    return f"{evidence.server} is silent: {asked(answer)}{also}"


_ALIVE: tuple[PortWord, ...] = ("open", "refused", "rejected")
_DARK: tuple[PortWord, ...] = ("silent", "rejected", "unreachable")
_FINDINGS: dict[PortWord, str] = {
    "refused": "tcp-port-refused",
    "rejected": "tcp-port-unreachable",
    "unreachable": "host-unreachable",
    "silent": "tcp-port-blocked",
}

PROBE = Probe(
    id="port.tcp",
    title="Port takes connections",
    rung=1,
    schemes=frozenset(name for name, scheme in SCHEMES.items() if scheme.form == "web") | {"tls", "tcp"},
    transports=frozenset({"tcp", "tls"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=1200.0,
    gives=(Accepting,),
    limits=limits,
)
