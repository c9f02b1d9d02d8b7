"""Does anything answer at this UDP port: a service, an ICMP error, or nobody?

Nobody is not "closed": a firewall that drops packets and a service that does not know our questions are both silent.
So silence decides nothing, but where the user expects the port to be closed and its usual protocol was spoken to it.
"""

import msgspec

from natprobe.address import Address
from natprobe.client.port_words import asked, exposed, facts, named, portion, told, unasked
from natprobe.client.ports import PortRun, PortWord, Ranges, all_ports, chosen, count, counted, is_wanted, runs, those
from natprobe.client.scan import Scan
from natprobe.client.udp_ports import open_asker
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.net.trouble import Trouble
from natprobe.probe import Context, Judgement, Probe
from natprobe.wire.knocks import KINDS, NAMES, kinds


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the ports answered."""

    server: Address
    """With the only port, or the lowest."""
    ranges: Ranges
    runs: tuple[PortRun, ...] = ()
    closed: bool = False
    """Whether the user expects the ports not to be reachable."""
    left: int = 0
    """How many ports more were to be asked when the check was cut off."""
    trouble: Trouble | None = None
    """Why nothing could be asked."""


async def observe(ctx: Context) -> Evidence:
    """Asks each port four times, in every protocol that fits it."""
    cell, closed = ctx.cell, ctx.settings.expect.closed
    ranges: Ranges = cell.target.ports or ((cell.address.port, cell.address.port),)
    scan = Scan(all_ports(ranges) if ctx.settings.every_port else chosen(ranges))
    asker = open_asker(ctx.hold, cell.address)
    if isinstance(asker, Trouble):
        return Evidence(server=cell.address, ranges=ranges, closed=closed, trouble=asker)

    def found() -> Evidence:
        told = runs(scan.answers.values(), ranges, scan.left)
        return Evidence(server=cell.address, ranges=ranges, runs=told, closed=closed, left=len(scan.left))

    ctx.keep(lambda: found() if scan.answers else None)
    await scan.ask_all(asker.ask, ctx.advance)
    return found()


def judge(evidence: Evidence) -> Judgement:
    """An answer proves a service, an ICMP error proves its absence, and silence proves neither."""
    words = counted(evidence.runs)
    if evidence.trouble is not None or set(words) <= {"no-route", "untold"}:
        return _not_asked(evidence)
    if evidence.closed:
        return _judged_closed(evidence)
    raised = _faults(evidence)
    if raised:
        return Judgement(status=Status.FAIL, summary=_summary(evidence), raised=raised)
    undecided = {"silent", "untold"} & set(words) or evidence.left
    status = Status.INCONCLUSIVE if undecided else Status.PASS
    return Judgement(status=status, summary=_summary(evidence))


def _not_asked(evidence: Evidence) -> Judgement:
    detail = evidence.trouble.detail if evidence.trouble else evidence.runs[0].answer.detail
    if evidence.trouble is not None and evidence.trouble.reason == "no-route":
        said = {"address": str(evidence.server), "host": evidence.server.host, "transport": "udp"}
        raised = (Raised(id="no-route", facts=said),)
        return Judgement(status=Status.SKIP, summary=f"not tested: {detail}", raised=raised)
    return Judgement(status=Status.INCONCLUSIVE, summary=f"not tested: {detail}")


def _judged_closed(evidence: Evidence) -> Judgement:
    found, host = tuple(those(evidence.runs, "open")), evidence.server.host
    if found:
        raised = (Raised(id="service-exposed", facts=exposed(evidence.server, found, "udp")),)
        summary = f"{host}: expected closed, but {named(found)} open{unasked(evidence.left)}"
        return Judgement(status=Status.FAIL, summary=summary, raised=raised)
    doubtful = [run for run in those(evidence.runs, "silent", "untold") if not _was_spoken_to(run)]
    if doubtful or evidence.left:
        return Judgement(status=Status.INCONCLUSIVE, summary=_summary(evidence))
    return Judgement(status=Status.PASS, summary=f"{host}: closed as expected: {told(evidence.runs)}")


def _was_spoken_to(run: PortRun) -> bool:
    """Whether silence was the answer to the protocol that is usual on these ports."""
    return run.answer.word == "silent" and all(port in KINDS for port in range(run.first, run.last + 1))


def _faults(evidence: Evidence) -> tuple[Raised, ...]:
    """What keeps wanted ports from being open. Relays' ports are refused as long as nobody has an allocation."""
    raised = []
    for word, finding in _FINDINGS.items():
        fitting = [
            run
            for run in those(evidence.runs, word)
            if is_wanted(run, evidence.ranges) or word in {"rejected", "unreachable"}
        ]
        if fitting:
            raised.append(Raised(id=finding, facts=facts(evidence.server, fitting, "udp")))
    return tuple(raised)


def _summary(evidence: Evidence) -> str:
    host, said = evidence.server.host, told(evidence.runs)
    if count(evidence.ranges) > 1:
        return f"{host}: {portion(evidence.runs, evidence.ranges)}{said}{_doubt(evidence)}{unasked(evidence.left)}"
    answer = evidence.runs[0].answer
    if answer.word == "open":
        return f"{evidence.server} answers {answer.service or 'something'} after {answer.rtt_ms or 0:.1f} ms"
    if answer.word != "silent":
        return answer.detail
    by = " and ".join(NAMES[kind] for kind in kinds(evidence.server.port))
    return f"{evidence.server} is silent, open or filtered: {asked(answer)}, by {by}"


def _doubt(evidence: Evidence) -> str:
    """What the silence of some may mean."""
    words = counted(evidence.runs)
    if "silent" not in words:
        return ""
    limited = ", or refused without a word, as hosts limit such errors" if "refused" in words else ""
    return f"; silent is open or filtered{limited}"


_FINDINGS: dict[PortWord, str] = {
    "refused": "udp-port-refused",
    "rejected": "udp-port-unreachable",
    "unreachable": "udp-port-unreachable",
}

PROBE = Probe(
    id="port.udp",
    title="Port answers",
    rung=1,
    schemes=frozenset({"udp"}),
    transports=frozenset({"udp"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=1200.0,
)
