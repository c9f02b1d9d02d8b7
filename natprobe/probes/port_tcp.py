"""Does the port take TCP connections: open, refused, rejected, unreachable, or filtered (silence)?

A silent port is told from a host that is down by controls: the same port over UDP, and other ports of the host. What
the user says shall be closed is wrong where it is open; a refusal proves that it is not, silence says how often it was
asked.
"""

from functools import partial

import msgspec

from natprobe.address import Address
from natprobe.client.control import Control, around
from natprobe.client.knock import KNOCK_S, SHORT_KNOCK_S, knock
from natprobe.client.port_words import asked, listed, named, told, waited_text
from natprobe.client.ports import PortAnswer, PortRun, PortWord, Ranges, chosen, count, counted, runs, those
from natprobe.client.rig import Accepting, Trusted
from natprobe.client.scan import scan
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe
from natprobe.target import SCHEMES

SURVEY_FROM = 17
"""Of a range so large nobody expects every port to listen."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the ports answered."""

    server: Address
    """With the only port, or the lowest."""
    ranges: Ranges
    runs: tuple[PortRun, ...]
    closed: bool = False
    """Whether the user expects the ports not to be reachable."""
    controls: tuple[Control, ...] = ()
    """What else the host says, asked only where no port answers."""


async def observe(ctx: Context) -> Evidence:
    """Knocks at each port, three SYN each or two where they are many; controls begin after a second of silence."""
    cell, closed = ctx.cell, ctx.settings.expect.closed
    ranges: Ranges = cell.target.ports or ((cell.address.port, cell.address.port),)
    asides = ctx.hold.tasks.create_task(around(cell.address, ctx.hold))
    try:
        answers = await scan(chosen(ranges), partial(_knock, ctx, count(ranges) > 1), ctx.advance)
        silent = all(answer.word == "silent" for answer in answers)
        asked_too = await asides if silent and not closed else ()
    finally:
        asides.cancel()
    if answers[0].word == "open" and not closed:
        ctx.bench.put(Accepting())
        if cell.transport == "tcp":
            ctx.bench.put(Trusted())  # nothing promises a certificate
    return Evidence(server=cell.address, ranges=ranges, runs=runs(answers, ranges), closed=closed, controls=asked_too)


async def _knock(ctx: Context, one_of_many: bool, port: int) -> PortAnswer:  # noqa: FBT001
    return await knock(ctx.hold, Address(ctx.cell.address.host, port), SHORT_KNOCK_S if one_of_many else KNOCK_S)


def judge(evidence: Evidence) -> Judgement:
    """Each word has its own cause; of a large range it is enough that nothing keeps packets from it."""
    words = counted(evidence.runs)
    if set(words) <= {"no-route", "untold"}:
        return _not_asked(evidence)
    if evidence.closed:
        return _judged_closed(evidence, words)
    raised = _faults(evidence)
    status = Status.FAIL if raised else Status.PASS
    partly = None if raised else _partly(evidence)
    if partly is not None:
        raised, status = (partly,), Status.WARN
    elif not raised and "untold" in words:
        status = Status.INCONCLUSIVE
    return Judgement(status=status, summary=_summary(evidence), raised=raised)


def _not_asked(evidence: Evidence) -> Judgement:
    answer = evidence.runs[0].answer
    summary = f"not tested: {answer.detail}"
    if answer.word == "no-route":
        facts = _facts(evidence, evidence.runs)
        return Judgement(status=Status.SKIP, summary=summary, raised=(Raised(id="no-route", facts=facts),))
    return Judgement(status=Status.INCONCLUSIVE, summary=summary)


def _judged_closed(evidence: Evidence, words: dict[PortWord, int]) -> Judgement:
    exposed = tuple(those(evidence.runs, "open"))
    said = told(evidence.runs)
    if exposed:
        raised = tuple(_exposed(evidence, run) for run in exposed)
        summary = f"{evidence.server.host}: expected closed, but {named(exposed)} open"
        return Judgement(status=Status.FAIL, summary=summary, raised=raised)
    status = Status.INCONCLUSIVE if "untold" in words else Status.PASS
    return Judgement(status=status, summary=f"{evidence.server.host}: closed as expected: {said}")


def _exposed(evidence: Evidence, run: PortRun) -> Raised:
    facts = _facts(evidence, (run,))
    return Raised(
        id="service-exposed",
        facts=facts | {"name": run.answer.service or f"The service on port {run}", "detail": _how_open(run.answer)},
    )


def _how_open(answer: PortAnswer) -> str:
    return f"it says {answer.says!r}" if answer.says else "it takes connections"


def _faults(evidence: Evidence) -> tuple[Raised, ...]:
    """What keeps wanted ports from being open, and what keeps a whole range from being reached."""
    wanted = [run for run in evidence.runs if _is_wanted(evidence, run)]
    dark = [run for run in evidence.runs if not _is_wanted(evidence, run) and _is_dark(evidence, run)]
    raised = []
    for word, finding in _FINDINGS.items():
        fitting = [*those(wanted, word), *(those(dark, word) if word != "refused" else ())]
        if fitting:
            raised.append(_fault(evidence, finding, fitting))
    return tuple(raised)


def _fault(evidence: Evidence, finding: str, fitting: list[PortRun]) -> Raised:
    answer = fitting[0].answer
    facts = _facts(evidence, fitting) | {"detail": answer.detail}
    if finding == "tcp-port-blocked":
        alive = _alive(evidence)
        finding = "tcp-port-blocked" if alive else "all-ports-blocked-host-down"
        facts["detail"] = alive or "nothing else answers either"
    return Raised(id=finding, facts=facts)


def _is_wanted(evidence: Evidence, run: PortRun) -> bool:
    return any(first <= run.first <= last and last - first + 1 < SURVEY_FROM for first, last in evidence.ranges)


def _is_dark(evidence: Evidence, run: PortRun) -> bool:
    """Whether nothing of the run's range was reached."""
    first, last = next((each for each in evidence.ranges if each[0] <= run.first <= each[1]), (0, 0))
    inside = [other for other in evidence.runs if first <= other.first <= last]
    return not any(those(inside, "open", "refused"))


def _partly(evidence: Evidence) -> Raised | None:
    """Part of a range that answers, and part of it that does not."""
    dark = tuple(those(evidence.runs, "silent", "rejected", "unreachable"))
    if not dark:
        return None
    reached = tuple(those(evidence.runs, "open", "refused"))
    facts = _facts(evidence, dark) | {"range": listed(dark), "detail": f"{told(reached)}, while {told(dark)}"}
    return Raised(id="port-range-partly-blocked", facts=facts)


def _alive(evidence: Evidence) -> str:
    """What proves that the host is up; nothing where nothing does."""
    reached = tuple(those(evidence.runs, "open", "refused", "rejected"))
    if reached:
        return told(reached)
    return next((str(control) for control in evidence.controls if control.alive), "")


def _summary(evidence: Evidence) -> str:
    if count(evidence.ranges) > 1:
        return f"{evidence.server.host}: {_how_many(evidence)}{told(evidence.runs)}"
    answer = evidence.runs[0].answer
    if answer.word == "open":
        return f"{evidence.server} is open, connected in {answer.rtt_ms or 0:.1f} ms"
    if answer.word != "silent":
        return answer.detail
    alive = _alive(evidence)
    also = f", while {alive}" if alive else "; nothing else of the host that was asked answers either"
    return f"{evidence.server} is silent: {asked(answer)}{also}"


def _how_many(evidence: Evidence) -> str:
    total, asked_ones = count(evidence.ranges), sum(run.asked for run in evidence.runs)
    return "" if asked_ones == total else f"{asked_ones} of {total} ports asked: "


def _facts(evidence: Evidence, fitting: tuple[PortRun, ...] | list[PortRun]) -> dict[str, str]:
    host, answer = evidence.server.host, fitting[0].answer
    ports = listed(fitting)
    facts = {
        "address": f"[{host}]:{ports}" if ":" in host else f"{host}:{ports}",
        "host": host,
        "port": ports,
        "transport": "tcp",
    }
    if answer.word == "silent":
        facts |= {"sends": str(answer.sends or 1), "waited": waited_text(answer)}
    return facts


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
)
