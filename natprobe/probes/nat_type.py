"""What kind of NAT is that, taken together, and what does it mean for calls? (RFC 4787's terms, RFC 3489's word)"""

import msgspec

from natprobe.address import Address
from natprobe.client.survey import Port, Reached, Survey
from natprobe.events import Raised
from natprobe.model import NatBehaviour, Status
from natprobe.probe import Context, Judgement, Probe
from natprobe.wire.behaviour import FilteringVerdict, MappingVerdict, NatType, for_calls, type_of

_MAPPING_TRUST = {"rfc5780": 0.99, "servers": 0.95}


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The behaviour, and what it was put together from."""

    behaviour: NatBehaviour
    ports: tuple[Port, ...] = ()
    """Sockets on fresh ports, as a server saw them."""
    hosts: tuple[str, ...] = ()
    """The addresses that this host was seen at."""
    calls: str
    """What it means for calls."""


async def observe(ctx: Context) -> Evidence:
    """Puts the verdicts of the other probes together; asks nothing."""
    reached = ctx.bench.get(Reached)
    if reached.verdict.word != "answered":
        return _unreached(ctx, reached)
    mapping = ctx.bench.get(MappingVerdict) if ctx.bench.has(MappingVerdict) else _NO_MAPPING
    filtering = ctx.bench.get(FilteringVerdict) if ctx.bench.has(FilteringVerdict) else _NO_FILTERING
    survey = ctx.bench.get(Survey)
    ports, hosts = tuple(survey.ports), survey.hosts
    behaviour = together(mapping, filtering, reached.local, ports, hosts=hosts, mapping_by=_mapping_method(survey))
    ctx.bench.put(behaviour)
    return Evidence(
        behaviour=behaviour,
        ports=ports,
        hosts=tuple(sorted(_hosts(hosts, ports))),
        calls=for_calls(_kind(mapping, filtering), mapping.word, filtering.word),
    )


def together(
    mapping: MappingVerdict,
    filtering: FilteringVerdict,
    local: Address,
    ports: tuple[Port, ...],
    *,
    hosts: frozenset[str],
    mapping_by: str,
) -> NatBehaviour:
    """One behaviour of both verdicts, of fresh `ports`, and of the `hosts` that one socket was seen at."""
    kind = _kind(mapping, filtering)
    return NatBehaviour(
        type=kind,
        mapping=mapping.word,
        filtering=filtering.word,
        local=local,
        mapped=mapping.mapped,
        port_preservation=None if mapping.word == "none" else _preserved(ports),
        pooling=_pooling(ports, mapping, hosts),
        method=_method(mapping_by, mapping, filtering),
        confidence=None if kind == "unknown" else round(_MAPPING_TRUST[mapping_by] * (1 - filtering.chance), 4),
    )


def _kind(mapping: MappingVerdict, filtering: FilteringVerdict) -> NatType:
    return type_of(mapping.word, filtering.word, dependent=mapping.dependent)


_NO_MAPPING = MappingVerdict(word="unknown", why="it was not measured")
_NO_FILTERING = FilteringVerdict(word="unknown", why="it was not measured")


def _unreached(ctx: Context, reached: Reached) -> Evidence:
    kind: NatType = "udp-blocked" if reached.verdict.word == "blocked" else "unknown"
    behaviour = NatBehaviour(
        type=kind,
        mapping="unknown",
        filtering="unknown",
        local=reached.local,
        method="silence" if kind == "udp-blocked" else None,
        confidence=reached.verdict.confidence or None,
    )
    ctx.bench.put(behaviour)
    return Evidence(behaviour=behaviour, calls=for_calls(kind, "unknown", "unknown"))


def _preserved(ports: tuple[Port, ...]) -> bool | None:
    return all(port.local.port == port.mapped.port for port in ports) if ports else None


def _pooling(ports: tuple[Port, ...], mapping: MappingVerdict, seen: frozenset[str]) -> str | None:
    """RFC 4787 section 4.1, REQ-2: whether all sockets of this host keep one public address."""
    hosts = _hosts(seen, ports)
    false = mapping.contradictory or mapping.dissent is not None
    if mapping.word == "none" or false or (len(hosts) == 1 and len(ports) < 2):
        return None
    return ("arbitrary" if len(hosts) > 1 else "paired") if hosts else None


def _hosts(seen: frozenset[str], ports: tuple[Port, ...]) -> frozenset[str]:
    return seen | {port.mapped.host for port in ports}


def _method(mapping_by: str, mapping: MappingVerdict, filtering: FilteringVerdict) -> str | None:
    used = [mapping_by] if mapping.word != "unknown" or mapping.dependent else []
    if filtering.word != "unknown" and filtering.method is not None:
        used.append(filtering.method)
    return ", ".join(dict.fromkeys(used)) or None


def _mapping_method(survey: Survey) -> str:
    alternates = survey.alternates.everyone if survey.alternates else ()
    return "rfc5780" if any(each.heard.is_set() for each in alternates) else "servers"


def judge(evidence: Evidence) -> Judgement:
    """The word, and what it means for calls."""
    behaviour = evidence.behaviour
    raised = tuple(Raised(id=finding, facts=facts) for finding, facts in _findings(evidence))
    summary = f"{behaviour.type}; {evidence.calls}"
    if behaviour.type == "unknown":
        return Judgement(status=Status.INCONCLUSIVE, summary=summary, raised=raised)
    bad = behaviour.type in {"symmetric", "udp-blocked"} or any(each.id in _WARNINGS for each in raised)
    return Judgement(status=Status.WARN if bad else Status.PASS, summary=summary, raised=raised)


_WARNINGS = {"nat-ip-pooling-arbitrary", "nat-port-preserving-collision"}


def _findings(evidence: Evidence) -> tuple[tuple[str, dict[str, str]], ...]:
    found: list[tuple[str, dict[str, str]]] = []
    if evidence.behaviour.pooling == "arbitrary":
        mapped = evidence.behaviour.mapped
        seen = [host for host in evidence.hosts if mapped is None or host != mapped.host]
        found.append(("nat-ip-pooling-arbitrary", {"mapped": str(mapped), "seen": ", ".join(seen)}))
    kept = [port for port in evidence.ports if port.local.port == port.mapped.port]
    moved = [port for port in evidence.ports if port.local.port != port.mapped.port]
    if len(kept) > len(moved) > 0:
        facts = {"mapped": str(kept[0].mapped), "seen": f"{moved[0].mapped} for local port {moved[0].local.port}"}
        found.append(("nat-port-preserving-collision", facts))
    return tuple(found)


PROBE = Probe(
    id="nat.type",
    title="NAT type",
    schemes=frozenset({"stun", "turn"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=2.0,
    needs=(Reached,),
    gives=(NatBehaviour,),
    after=("nat.mapping", "nat.filtering"),
    scope="host",
)
