"""Do large answers get here, or does somebody on the way drop fragments? (RFC 5780 sections 3.5 and 7.6, PADDING)

PADDING makes the server's answer larger than a packet may be, so that it comes in fragments; ordinary requests beside
it measure the path. It goes only to a server that has offered RFC 5780, and only where the user asks for it.
"""

import msgspec

from natprobe.client.sounding import Question, Sounding, hear, open_sounder, plain, salvo
from natprobe.client.survey import Survey, longest_way_s
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.net.trouble import Trouble
from natprobe.probe import Context, Judgement, Probe
from natprobe.wire.behaviour import CERTAIN, chance_of_loss
from natprobe.wire.plain_values import encode_padding
from natprobe.wire.registry import Attribute

SIZE = 1500
_SENDS_S = (0.0, 0.06, 0.14, 0.25, 0.37, 0.5, 0.6, 0.7)
_ROUNDS = 3


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Large requests, and small ones beside them."""

    trouble: str | None = None
    """Why nothing could be tried: a clause."""
    large: Sounding | None = None
    control: Sounding | None = None
    chance: float = 1.0
    """The chance that the silence was mere loss of unfragmented packets."""


async def observe(ctx: Context) -> Evidence:
    """Asks for padded answers until one comes, or loss is no explanation any more."""
    offer = ctx.bench.get(Survey).offer
    if offer is None:
        return Evidence(trouble="it takes a server that offers RFC 5780")
    sounder = open_sounder(ctx.hold, offer.primary, ctx.side.source)
    if isinstance(sounder, Trouble):
        return Evidence(trouble=sounder.detail)
    padding = ((Attribute.PADDING, encode_padding(SIZE)),)
    question = Question(name="Binding with PADDING", to=offer.primary, expected=offer.primary, attributes=padding)
    large, control = sounder.ask(question), sounder.ask(plain(offer.primary))
    chance = 1.0
    for _ in range(_ROUNDS):
        await salvo((large, control), _SENDS_S, large.heard)
        await hear(large.heard, longest_way_s((control.sounding(),)))
        chance = chance_of_loss(control.sounding().tally, large.sends)
        if large.heard.is_set() or chance < CERTAIN:
            break
    return Evidence(large=large.sounding(), control=control.sounding(), chance=chance)


def judge(evidence: Evidence) -> Judgement:
    """Whether the request or the answer was lost cannot be told apart: both were fragmented."""
    if evidence.large is None:
        return Judgement(status=Status.INCONCLUSIVE, summary=f"fragments not tested: {evidence.trouble}")
    asked = f"{len(evidence.large.sends_ms)} requests"
    if evidence.large.arrived:
        return Judgement(status=Status.PASS, summary=f"messages of {SIZE} bytes get through in fragments")
    if evidence.large.code is not None:
        summary = f"fragments not tested: the server answers PADDING with error {evidence.large.code}"
        return Judgement(status=Status.INCONCLUSIVE, summary=summary)
    if evidence.chance >= CERTAIN:
        summary = f"fragments unknown: {asked} of {SIZE} bytes were not answered, but the path loses small ones too"
        return Judgement(status=Status.INCONCLUSIVE, summary=summary)
    facts = {"size": str(SIZE), "sends": str(len(evidence.large.sends_ms))}
    summary = f"{asked} of {SIZE} bytes were not answered, small ones beside them were: fragments are dropped"
    return Judgement(status=Status.WARN, summary=summary, raised=(Raised(id="nat-fragment-drop", facts=facts),))


PROBE = Probe(
    id="nat.fragments",
    title="Fragments",
    schemes=frozenset({"stun", "turn"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=6.0,
    needs=(Survey,),
    scope="host",
)
