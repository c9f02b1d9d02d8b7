"""Changes the findings of one check: what another check proves about it."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from natprobe.model import Check

LED = " from "
"""What stands in `asked` between a target and the one whose answer named it, as `Context.asked` joins them."""
NOTHING: Mapping[str, str] = MappingProxyType({})


def names_transport(check: Check) -> bool:
    """Whether the URI, as the user wrote it or an answer named it, names the transport: then it must work."""
    uri, _, _ = (check.asked or "").partition(LED)
    return "?transport=" in uri


def renamed(check: Check, old: str, new: str, said: Mapping[str, str] = NOTHING) -> Check:
    """`check` with the finding `new` in place of `old`, its facts and those in `said`."""
    findings = tuple(new if finding == old else finding for finding in check.findings)
    facts = {
        new if finding == old else finding: {**known, **said} if finding == old else known
        for finding, known in check.facts.items()
    }
    return msgspec.structs.replace(check, findings=findings, facts=facts)


def without(check: Check, findings: frozenset[str]) -> Check:
    """`check` without these findings."""
    kept = tuple(finding for finding in check.findings if finding not in findings)
    facts = {finding: said for finding, said in check.facts.items() if finding not in findings}
    return msgspec.structs.replace(check, findings=kept, facts=facts)


def added(check: Check, finding: str, said: Mapping[str, str]) -> Check:
    """`check` with one finding more; a check that has it already stays as it is."""
    if finding in check.findings:
        return check
    facts = {"address": str(check.address), "detail": check.summary} | dict(said)
    return msgspec.structs.replace(check, findings=(*check.findings, finding), facts={**check.facts, finding: facts})
