"""Do the media ports of Janus answer from here, and are they at addresses that its users can reach?"""

import msgspec

from natprobe.address import Address
from natprobe.gateway.media import Answered, CheckedCandidate, check_media
from natprobe.gateway.words import Media, judged_media
from natprobe.probe import Context, Judgement, Probe


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Every candidate of the answer, and what its port said."""

    server: Address
    uri: str
    lite: bool = False
    candidates: tuple[CheckedCandidate, ...] = ()


async def observe(ctx: Context) -> Evidence:
    """Checks each candidate while the session lives."""
    answered = ctx.bench.get(Answered)
    return Evidence(
        server=ctx.cell.address,
        uri=str(ctx.cell.target),
        lite=answered.description.lite,
        candidates=await check_media(ctx, answered.description, answered.ours),
    )


def judge(evidence: Evidence) -> Judgement:
    """One port that answers is enough; none at all, or none that users can reach, is a fault."""
    media = Media(evidence.candidates, evidence.server)
    return judged_media(media, evidence.uri, private="ice-private-candidate-from-server", dead=_DEAD)


_DEAD = "janus-rtp-range-blocked"

PROBE = Probe(
    id="janus.media",
    title="Janus media ports",
    rung=7,
    schemes=frozenset({"janus+http", "janus+https", "janus+ws", "janus+wss"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=12.0,
    needs=(Answered,),
)
