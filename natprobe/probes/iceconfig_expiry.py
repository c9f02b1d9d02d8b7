"""How long do the credentials live that the endpoint has just handed out, by its own clock?

The user name of TURN REST holds the time at which it ends. It is compared with the Date of the answer, since a wrong
clock there is the issuer's, and with this host's clock, to tell where they differ by more than a credential lives.
"""

import msgspec

from natprobe.address import Address
from natprobe.credential import Credential, examine
from natprobe.credential.words import duration_text
from natprobe.events import Raised
from natprobe.iceservers import EXPIRES_SOON_S, LONGEST_S
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe
from natprobe.web.gravity import status_of
from natprobe.web.handed import Issued

DEAD_ON_ARRIVAL_S = 1.0
"""With less left a credential is over before anybody can use it; Date counts whole seconds."""
SKEW_S = 60.0


class Lifetime(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One credential, without its password."""

    user: str
    uri: str
    """The first server that it is for."""
    left_s: float | None = None
    """Seconds by the issuer's clock, negative where it has ended; None where it never ends."""
    milliseconds: bool = False
    """Whether the user name counts milliseconds, where TURN servers read seconds."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The credentials, and both clocks."""

    server: Address
    uri: str
    credentials: tuple[Lifetime, ...] = ()
    skew_s: float | None = None
    """How far the issuer's clock is ahead of this host's; None where the answer has no Date."""


async def observe(ctx: Context) -> Evidence:
    """Looks at what iceconfig.shape got; nothing more is asked."""
    issued = ctx.bench.get(Issued)
    here_s = ctx.settings.now_s + ctx.clock.now()
    now_s = here_s if issued.date_s is None else issued.date_s
    first_uri: dict[Credential, str] = {}
    for each in issued.servers:
        if each.credential is not None:
            first_uri.setdefault(each.credential, str(each.target))
    return Evidence(
        server=ctx.cell.address,
        uri=str(ctx.cell.target),
        credentials=tuple(_lifetime(each, uri, now_s) for each, uri in first_uri.items()),
        skew_s=None if issued.date_s is None else round(issued.date_s - here_s, 1),
    )


def _lifetime(credential: Credential, uri: str, now_s: float) -> Lifetime:
    facts = examine(credential, now_s)
    milliseconds = facts.timestamp_unit == "milliseconds"
    return Lifetime(user=credential.username, uri=uri, left_s=facts.expires_in_s, milliseconds=milliseconds)


def judge(evidence: Evidence) -> Judgement:
    """The shortest life decides."""
    if not evidence.credentials:
        return Judgement(status=Status.SKIP, summary="not needed: no credential was handed out")
    raised = tuple(each for credential in evidence.credentials for each in _about(evidence, credential))
    return Judgement(status=status_of(raised), summary=_summary(evidence), raised=raised)


def _about(evidence: Evidence, credential: Lifetime) -> tuple[Raised, ...]:
    facts = {"uri": evidence.uri, "user": credential.user, "name": credential.uri, "address": str(evidence.server)}
    if credential.left_s is None or (finding := _by_life(credential.left_s)) is None:
        return ()
    ended = duration_text(min(0.0, credential.left_s))
    return (Raised(id=finding, facts=facts | {"lifetime": duration_text(credential.left_s), "expired_for": ended}),)


def _by_life(left_s: float) -> str | None:
    if left_s < DEAD_ON_ARRIVAL_S:
        return "iceconfig-expired"
    if left_s < EXPIRES_SOON_S:
        return "iceconfig-expires-soon"
    return "iceconfig-ttl-too-long" if left_s > LONGEST_S else None


def _summary(evidence: Evidence) -> str:
    lives = [each.left_s for each in evidence.credentials if each.left_s is not None]
    count = len(evidence.credentials)
    what = f"{count} credential{'' if count == 1 else 's'}"
    if not lives:
        return f"{what} without an end{_skewed(evidence)}"
    left = min(lives)
    if any(each.milliseconds for each in evidence.credentials):
        what = f"{what}, in milliseconds"
    if left < DEAD_ON_ARRIVAL_S:
        return f"{what}, over since {duration_text(min(0.0, left))} by the endpoint's clock{_skewed(evidence)}"
    return f"{what}, good for {duration_text(left)} by the endpoint's clock{_skewed(evidence)}"


def _skewed(evidence: Evidence) -> str:
    skew_s = evidence.skew_s
    if skew_s is None:
        return "; it tells no time, so this host's clock stands in"
    if abs(skew_s) < SKEW_S:
        return ""
    return f"; it is {duration_text(skew_s)} {'ahead of' if skew_s > 0 else 'behind'} this host's clock"


PROBE = Probe(
    id="iceconfig.expiry",
    title="Lifetime of credentials",
    rung=5,
    schemes=frozenset({"iceconfig+http", "iceconfig+https"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=2.0,
    needs=(Issued,),
)
