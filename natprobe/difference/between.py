"""What did a release break, and what did it mend? Two reports → what is different between them. Pure."""

from collections.abc import Iterable, Iterator

from natprobe.difference.certificates import certificate_changes
from natprobe.difference.host import turns
from natprobe.difference.match import Pair, matched
from natprobe.difference.pace import NOISE_RULE, paces
from natprobe.difference.values import Change, Difference, RunSummary
from natprobe.measured import moment
from natprobe.model import Check, Finding, Report, Status

_GOOD, _WARNED, _BAD, _OPEN, _LACKING = "good", "warned", "bad", "open", "lacking"
_GROUPS = {
    Status.PASS: _GOOD,
    Status.WARN: _WARNED,
    Status.FAIL: _BAD,
    Status.ERROR: _BAD,
    Status.INCONCLUSIVE: _OPEN,
    Status.SKIP: _OPEN,
}
_LACKS = frozenset(
    {"transport-not-offered", "turn-no-tcp-fallback", "dtls-off", "udp-blocked-client", "address-dead", "dns-aaaa-dead"}
)
"""What diagnose calls no failure, as something else beside it lives. Where it lived before, it broke all the same."""
_KINDS = {
    (_GOOD, _GOOD): "unchanged",
    (_GOOD, _WARNED): "warned",
    (_GOOD, _BAD): "broke",
    (_GOOD, _OPEN): "untold",
    (_GOOD, _LACKING): "broke",
    (_WARNED, _GOOD): "cleared",
    (_WARNED, _WARNED): "unchanged",
    (_WARNED, _BAD): "broke",
    (_WARNED, _OPEN): "untold",
    (_WARNED, _LACKING): "broke",
    (_BAD, _GOOD): "mended",
    (_BAD, _WARNED): "mended",
    (_BAD, _BAD): "still_broken",
    (_BAD, _OPEN): "untold",
    (_BAD, _LACKING): "cleared",
    (_OPEN, _GOOD): "told",
    (_OPEN, _WARNED): "told",
    (_OPEN, _BAD): "surfaced",
    (_OPEN, _OPEN): "unchanged",
    (_OPEN, _LACKING): "told",
    (_LACKING, _GOOD): "mended",
    (_LACKING, _WARNED): "mended",
    (_LACKING, _BAD): "surfaced",
    (_LACKING, _OPEN): "untold",
    (_LACKING, _LACKING): "unchanged",
}
_WORKS = frozenset({Status.PASS, Status.WARN})
_FAILS = frozenset({Status.FAIL, Status.ERROR})


def difference(old: Report, new: Report) -> Difference:
    """What `new` found that `old` did not, and the other way round. Both are diagnosed reports."""
    cells = matched(old, new)
    pairs = tuple(pair for cell in cells for pair in cell.checks())
    kinds = _sorted_out(pairs, old, new)
    moved = tuple(paces(cells))
    return Difference(
        old=_summary(old),
        new=_summary(new),
        notes=tuple(_notes(old, new, pairs)),
        noise_rule=NOISE_RULE,
        unchanged=len(kinds.get("unchanged", ())),
        slower=tuple(pace for pace in moved if pace.now_ms > pace.was_ms),
        faster=tuple(pace for pace in moved if pace.now_ms < pace.was_ms),
        certificates=certificate_changes(pairs, old, new),
        findings_came=_only_in(new, old),
        findings_went=_only_in(old, new),
        host=tuple(turns(old, new)),
        broke=kinds.get("broke", ()),
        mended=kinds.get("mended", ()),
        still_broken=kinds.get("still_broken", ()),
        surfaced=kinds.get("surfaced", ()),
        untold=kinds.get("untold", ()),
        told=kinds.get("told", ()),
        warned=kinds.get("warned", ()),
        cleared=kinds.get("cleared", ()),
        new_checks=kinds.get("new_checks", ()),
        gone_checks=kinds.get("gone_checks", ()),
    )


def broken(different: Difference, *, strict: bool = False) -> bool:
    """Whether something broke; with `strict`, a new warning and what can no longer be told count as well."""
    if different.broke:
        return True
    return strict and bool(different.surfaced or different.warned or different.untold)


def _sorted_out(pairs: Iterable[Pair], old: Report, new: Report) -> dict[str, tuple[Change, ...]]:
    """By the name of the Difference's field."""
    kinds: dict[str, list[Change]] = {}
    for pair in pairs:
        kinds.setdefault(_kind(pair, old), []).append(_change(pair, new))
    return {kind: tuple(changes) for kind, changes in kinds.items()}


def _kind(pair: Pair, old: Report) -> str:
    if pair.new is None:
        return "gone_checks"
    if pair.old is None:
        return _kind_of_new(pair.new, old)
    return _KINDS[_group(pair.old), _group(pair.new)]


def _group(check: Check) -> str:
    return (
        _LACKING if check.status is not Status.FAIL and not _LACKS.isdisjoint(check.findings) else _GROUPS[check.status]
    )


def _kind_of_new(check: Check, old: Report) -> str:
    """Where the old run looked at this target and everything worked, a new address that does not breaks some calls."""
    if check.status not in _FAILS:
        return "new_checks"
    before = [
        other.status
        for other in old.checks
        if other.id == check.id and (other.asked or other.target) == (check.asked or check.target)
    ]
    return "broke" if before and _WORKS.issuperset(before) else "surfaced"


def _change(pair: Pair, new: Report) -> Change:
    here = pair.new or pair.old
    assert here is not None  # noqa: S101  a pair has one of the two
    before = pair.old.address if pair.old else None
    return Change(
        id=here.id,
        target=here.target,
        asked=here.asked,
        transport=here.transport,
        address=here.address,
        old_address=before if before != here.address else None,
        was=pair.old.status if pair.old else None,
        now=pair.new.status if pair.new else None,
        was_summary=pair.old.summary if pair.old else None,
        now_summary=pair.new.summary if pair.new else None,
        findings=_findings_of(new, pair.new) if pair.new else (),
    )


def _findings_of(report: Report, check: Check) -> tuple[Finding, ...]:
    subjects = (None, check.target, check.asked)
    return tuple(each for each in report.findings if each.id in check.findings and each.target in subjects)


def _only_in(report: Report, other: Report) -> tuple[Finding, ...]:
    """Of several places of one target a finding names one, or the target as a whole: that alone makes none new."""
    known = {_about(finding) for finding in other.findings}
    return tuple(finding for finding in report.findings if _about(finding) not in known)


def _about(finding: Finding) -> tuple[str, str]:
    return finding.id, (finding.target or "").partition("?")[0]


def _summary(report: Report) -> RunSummary:
    return RunSummary(
        natprobe=report.natprobe,
        command=report.command,
        started=report.started,
        duration_ms=report.duration_ms,
        hostname=report.vantage.hostname,
        verdict=report.verdict,
        interrupted=report.interrupted,
        checks=len(report.checks),
    )


def _notes(old: Report, new: Report, pairs: Iterable[Pair]) -> Iterator[str]:
    began, begins = moment(old.started), moment(new.started)
    if began and begins and begins < began:
        yield "OLD began after NEW: are the two files in the right order?"
    if old.command != new.command:
        yield f"OLD is of `natprobe {old.command}`, NEW of `natprobe {new.command}`."
    if old.vantage.hostname != new.vantage.hostname:
        yield f"The runs are from different hosts: {old.vantage.hostname or '?'}, then {new.vantage.hostname or '?'}."
    for name, report in (("OLD", old), ("NEW", new)):
        if report.interrupted:
            yield f"{name} was interrupted: what it did not reach looks gone or new."
    if (old.checks or new.checks) and not any(before and after for before, after in pairs):
        yield "The runs have no check in common."
