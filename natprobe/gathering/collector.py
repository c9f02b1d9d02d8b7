"""What has a gathering found so far? Candidates, each told once; and for each URI that gave none, why.

It hears the checks of the TURN ladder: their evidence holds the relayed addresses, their judgement the real causes.
"""

from typing import Any, Literal

import msgspec

from natprobe.address import Address
from natprobe.events import CandidateFound, CandidateMissed, CheckEnded, Emit, Event
from natprobe.ice import Base, Reflexive, Relayed, Seen, host, reflexive, relayed
from natprobe.model import Candidate, CandidateError, Status
from natprobe.net.clock import Clock
from natprobe.probes import ice_relay

Policy = Literal["all", "relay"]
_FURTHEST = ("dns.resolve", "ice.gather", "turn.reach", "tls.certificate", "turn.challenge", "turn.allocate")


class Further(msgspec.Struct):
    """How one URI served the several addresses of this host."""

    routed: Address | None = None
    """The one that routing picks, where others ask as well."""
    got: set[Address] = msgspec.field(default_factory=set)
    """The others that have a relay."""
    missing: dict[Address, tuple[int | None, str]] = msgspec.field(default_factory=dict)
    """The others that were refused one, with the STUN error code and the cause."""


class Collector:
    """The candidates of one gathering, and the URIs that gave none."""

    def __init__(self, emit: Emit, clock: Clock, policy: Policy) -> None:
        self.candidates: list[Candidate] = []
        self.missed: list[str] = []
        self.reflected = False
        self.reflected_own = False
        """Whether a server told a base its own address: no NAT stands between."""
        self.reflections: set[tuple[Address, Address]] = set()
        """Which base has a binding towards which server."""
        self.settled_ms = 0.0
        """When the last answer came, or the last server was given up; calls that are made afterwards do not count."""
        self._emit = emit
        self._clock = clock
        self._policy = policy
        self._seen = Seen()
        self._useful: set[str] = set()
        self._ended: dict[str, list[CheckEnded]] = {}
        self._further: dict[str, Further] = {}

    def host(self, base: Base) -> None:
        """A base is a candidate itself."""
        self._tell(host(base, self._now_ms()))

    def reflexive(self, found: Reflexive) -> None:
        """A server told this host an address; where that is the host's own, the server was useful all the same."""
        self.reflected = True
        self.reflections.add((found.base.address, found.server))
        self.reflected_own |= found.mapped == found.base.address
        if not found.url.startswith("turn"):  # what a TURN server is there for is a relay
            self._useful.add(found.url)
        self._tell(reflexive(found, self._now_ms()))

    def relayed(self, found: Relayed) -> None:
        """One of this host's addresses got a relay."""
        if found.base is not None:
            self._of(found.url).got.add(found.base)
        self._tell(relayed(found, self._now_ms()))

    def listener(self, url: str, order: int, routed: Address | None = None, others: tuple[Address, ...] = ()) -> Emit:
        """Passes the events of one URI's checks on, and learns from them.

        `routed` is the address that they are made from, where `others` of this host ask for relays as well.
        """

        def hear(event: Event) -> None:
            self._emit(event)
            if isinstance(event, CheckEnded) and event.id == ice_relay.PROBE.id:
                self.settled_ms = self._now_ms()
                self._of(url).missing |= _missing(event, others)
            elif isinstance(event, CheckEnded):
                self._learn(url, order, routed, event)

        return hear

    def close(self, url: str) -> None:
        """All of this URI's checks have ended: where it gave nothing, says why, and to which address of this host."""
        further = self._of(url)
        if url not in self._useful:
            code, text = cause(self._ended.get(url, []))
            if not further.got:
                self.missed.append(url)
            if further.routed or not further.got:  # an address that routing does not pick misses nothing
                self._miss(url, text, code, further.routed)
        for base, (code, text) in further.missing.items():
            if base not in further.got:
                self._miss(url, text, code, base)

    def miss(self, url: str, text: str) -> None:
        """This URI gives nothing."""
        self.missed.append(url)
        self._miss(url, text)

    def _miss(self, url: str, text: str, code: int | None = None, base: Address | None = None) -> None:
        error = CandidateError(url=url, code=code, text=text, base=base, at_ms=self._now_ms())
        self._emit(CandidateMissed(error=error))

    def _of(self, url: str) -> "Further":
        return self._further.setdefault(url, Further())

    def _learn(self, url: str, order: int, routed: Address | None, check: CheckEnded) -> None:
        further = self._of(url)
        further.routed = further.routed or routed
        self._ended.setdefault(url, []).append(check)
        if check.id in _FURTHEST:
            self.settled_ms = self._now_ms()
        relay = check.evidence.get("relayed") if check.id == "turn.allocate" else None
        if relay is None or check.address is None or check.transport is None:
            return
        self._useful.add(url)
        found = Relayed(
            relayed=msgspec.convert(relay, Address),
            mapped=msgspec.convert(check.evidence.get("mapped"), Address | None),
            through=check.transport,
            server=check.address,
            server_order=order,
            url=url,
            base=routed,
        )
        self._tell(relayed(found, self._now_ms()))

    def _tell(self, candidate: Candidate) -> None:
        if self._policy == "relay" and candidate.type != "relay":
            return
        if self._seen.is_new(candidate):
            self.candidates.append(candidate)
            self.settled_ms = candidate.gathered_ms
            self._emit(CandidateFound(candidate=candidate))

    def _now_ms(self) -> float:
        return round(self._clock.now_ms(), 3)


def _missing(check: CheckEnded, others: tuple[Address, ...]) -> dict[Address, tuple[int | None, str]]:
    """Why some of these addresses have no relay: all of them, where the check was cut off."""
    if not check.evidence:
        return dict.fromkeys(others, (None, check.summary))
    evidence = msgspec.convert(check.evidence, ice_relay.Evidence)
    lacking = [view for view in evidence.views if view.relayed is None]
    return {view.base: (_code_of(view), ice_relay.why(view, evidence.server)) for view in lacking}


def _code_of(view: ice_relay.View) -> int | None:
    return view.exchanges[-1].code if view.exchanges and view.trouble is None else None


def cause(checks: list[CheckEnded]) -> tuple[int | None, str]:
    """The STUN error code, if one came, and the sentence of the attempt that got furthest."""
    nothing_told = (Status.PASS, Status.SKIP)  # what was skipped lacks what an earlier check tells the cause of
    told = [check for check in checks if check.id in _FURTHEST and check.status not in nothing_told]
    if not told:
        return None, next(
            (check.summary for check in checks if check.status is Status.SKIP), "it was not asked in time"
        )
    furthest = max(told, key=lambda check: (_FURTHEST.index(check.id), check.status.rank))
    code = _code(furthest.evidence)
    return code, furthest.summary.removeprefix(f"{code}: ")


def _code(evidence: dict[str, Any]) -> int | None:
    exchanges = [*evidence.get("exchanges", ()), *(view["exchange"] for view in evidence.get("views", ()))]
    exchanges += [evidence["exchange"]] if "exchange" in evidence else []
    codes = [each["code"] for each in exchanges if each.get("code") is not None and each.get("outcome") == "error"]
    code: int | None = codes[-1] if codes else None
    return code
