"""Does SRS take an offer, and does the media port that its answer names answer from here?

It is asked to publish a stream under a random name, or the one that the target's query names. No media follows, so
nothing is published; SRS gives the session up by itself.
"""

import msgspec

from natprobe.address import Address
from natprobe.client.http import HttpExchange
from natprobe.events import Raised
from natprobe.gateway.media import CheckedCandidate, check_media, new_offer
from natprobe.gateway.srs import Stream, VersionTold, ask_publish, code_of, stream_of, told
from natprobe.gateway.words import Media, judged_media
from natprobe.ice.sdp import Description, SdpError, parse
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe
from natprobe.signalling.refusals import status_words

_BUSY, _RTC_DISABLED = 5020, 5021


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The offer's answer, and what each of its candidates said."""

    server: Address
    uri: str
    stream: Stream
    exchange: HttpExchange
    code: int | None = None
    """Of SRS; None where the answer has none."""
    unreadable: str | None = None
    """What is wrong with the answer's SDP."""
    lite: bool = False
    candidates: tuple[CheckedCandidate, ...] | None = None
    """None where there is no answer to the offer."""


async def observe(ctx: Context) -> Evidence:
    """Offers, then checks each candidate at once."""
    offer, stream = new_offer("sendonly"), stream_of(ctx.cell.target)
    answer = await ask_publish(ctx, stream, offer.sdp)
    message = told(answer)
    evidence = Evidence(
        server=ctx.cell.address,
        uri=str(ctx.cell.target),
        stream=stream,
        exchange=answer.seen,
        code=code_of(message),
    )
    sdp = (message or {}).get("sdp")
    if evidence.code != 0 or not isinstance(sdp, str):
        return evidence
    description = _description(sdp)
    if isinstance(description, str):
        return msgspec.structs.replace(evidence, unreadable=description)
    return msgspec.structs.replace(
        evidence, lite=description.lite, candidates=await check_media(ctx, description, offer.login)
    )


def _description(sdp: str) -> Description | str:
    try:
        return parse(sdp)
    except SdpError as error:
        return str(error)


def judge(evidence: Evidence) -> Judgement:
    """SRS' own code decides whether there is an answer; its candidates decide the rest."""
    if evidence.candidates is not None:
        media = Media(evidence.candidates, evidence.server)
        return judged_media(media, evidence.uri, private="srs-candidate-private", dead="srs-udp-8000-blocked")
    facts = {"uri": evidence.uri, "code": str(evidence.code or ""), "name": evidence.stream.name}
    if evidence.unreadable is not None:
        detail = f"the answer's SDP cannot be read: {evidence.unreadable}"
        raised = (Raised(id="srs-api-unreachable", facts=facts | {"detail": detail}),)
        return Judgement(status=Status.FAIL, summary=detail, raised=raised)
    if evidence.code is None or evidence.code == 0:
        return _judged_no_answer(evidence, facts)
    finding = {_BUSY: "srs-busy", _RTC_DISABLED: "srs-rtc-disabled"}.get(evidence.code, "srs-code-400")
    words = f"the offer is refused: HTTP {status_words(evidence.exchange)}, code {evidence.code}"
    return Judgement(status=Status.FAIL, summary=words, raised=(Raised(id=finding, facts=facts),))


def _judged_no_answer(evidence: Evidence, facts: dict[str, str]) -> Judgement:
    """The API answers its version and not this: a proxy hands on a part of it, or SRS was built without WebRTC."""
    exchange = evidence.exchange
    if exchange.status is None:
        detail = exchange.trouble.detail if exchange.trouble else "nothing came"
    else:
        detail = f"/rtc/v1/publish/ answers {status_words(exchange)} and no SDP"
    raised = (Raised(id="srs-api-unreachable", facts=facts | {"detail": detail}),)
    return Judgement(status=Status.FAIL, summary=f"the version is told, and {detail}", raised=raised)


PROBE = Probe(
    id="srs.media",
    title="SRS media port",
    rung=6,
    schemes=frozenset({"srs+http", "srs+https"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=20.0,
    needs=(VersionTold,),
)
