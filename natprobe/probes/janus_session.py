"""Does Janus open a session, load the echo test into it, and answer an offer?

The echo test is a plugin that every Janus comes with; it answers with the candidates that any other plugin would have.
The session is destroyed at the cell's end, whatever happens until then.
"""

from typing import Literal

import msgspec

from natprobe.address import Address
from natprobe.events import Raised
from natprobe.gateway.janus import WAIT_S, Answer, Api, Events, Gateway, secret_for
from natprobe.gateway.media import Answered, Offer, new_offer
from natprobe.ice.sdp import SdpError, parse, with_candidates
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe

PLUGIN = "janus.plugin.echotest"
_NO_PLUGIN = 460
_UNAUTHORIZED = frozenset({403, 405})
_MOST_EVENTS = 8
Secrecy = Literal["none", "sent", "withheld"]
"""Of the API's secret: not given; sent; or not sent, as the certificate is not good."""
Step = Literal["nothing", "created", "attached", "answered"]


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far it got, and what it said where it went no further."""

    server: Address
    uri: str
    secret: Secrecy
    reached: Step
    plugin: str = PLUGIN
    code: int | None = None
    """Of Janus' own error."""
    reason: str = ""
    candidates: int = 0
    """How many the answer has, each section's counted."""


async def observe(ctx: Context) -> Evidence:
    """Creates, attaches, offers; puts `Answered` on the bench."""
    api = ctx.bench.get(Gateway).api
    given = ctx.settings.api_secret is not None
    secrecy: Secrecy = "none" if not given else ("sent" if secret_for(ctx) is not None else "withheld")
    evidence = Evidence(server=ctx.cell.address, uri=str(ctx.cell.target), secret=secrecy, reached="nothing")
    created = await api.ask({"janus": "create"})
    session = created.new_id
    if session is None:
        return _stopped(evidence, created)
    ctx.hold.closing.push_async_callback(api.farewell, {"janus": "destroy"}, session)
    evidence = msgspec.structs.replace(evidence, reached="created")
    attached = await api.ask({"janus": "attach", "plugin": PLUGIN}, session)
    handle = attached.new_id
    if handle is None:
        return _stopped(evidence, attached)
    evidence = msgspec.structs.replace(evidence, reached="attached")
    return await _offered(ctx, evidence, api, (session, handle))


async def _offered(ctx: Context, evidence: Evidence, api: Api, ids: tuple[int, int]) -> Evidence:
    offer = new_offer("sendrecv")
    events = Events(api, ids[0])
    answer = await _answer(events, offer, ids)
    if answer.jsep is None:
        return _stopped(evidence, answer)
    try:
        description = parse(answer.jsep)
    except SdpError as error:
        return msgspec.structs.replace(evidence, reason=f"its answer cannot be read: {error}")
    if not any(media.candidates for media in description.media):
        description = with_candidates(description, await events.candidates())
    ctx.bench.put(Answered(description, offer.login))
    count = sum(len(media.candidates) for media in description.media)
    return msgspec.structs.replace(evidence, reached="answered", candidates=count)


async def _answer(events: Events, offer: Offer, ids: tuple[int, int]) -> Answer:
    """The event that holds the answer; what came instead where none did."""
    body = {"audio": True, "video": True}
    jsep = {"type": "offer", "sdp": offer.sdp}
    answer = await events.api.ask({"janus": "message", "body": body, "jsep": jsep}, *ids)
    for _ in range(_MOST_EVENTS):
        if answer.jsep is not None or answer.message is None or answer.kind == "error" or _refused(answer):
            return answer
        answer = await events.next()
    return answer


def _refused(answer: Answer) -> str | None:
    """What the plugin itself does not like."""
    plugindata = (answer.message or {}).get("plugindata")
    data = plugindata.get("data") if isinstance(plugindata, dict) else None
    error = data.get("error") if isinstance(data, dict) else None
    return error[:160] if isinstance(error, str) else None


def _stopped(evidence: Evidence, answer: Answer) -> Evidence:
    code, reason = answer.error or (None, _refused(answer) or answer.detail or f"it said janus {answer.kind!r}")
    return msgspec.structs.replace(evidence, code=code, reason=reason)


def judge(evidence: Evidence) -> Judgement:
    """A secret that was not given is not told; one that is refused is a fault."""
    if evidence.reached == "answered":
        words = f"session, handle and answer in order; {evidence.candidates} candidates"
        return Judgement(status=Status.PASS, summary=words)
    if evidence.reached == "nothing":
        return _judged_creation(evidence)
    if evidence.reached == "created" and evidence.code == _NO_PLUGIN:
        words = f"sessions are opened; {evidence.plugin} is not loaded, so no answer shows the candidates"
        return Judgement(status=Status.INCONCLUSIVE, summary=words)
    step = "attach" if evidence.reached == "created" else "answer the offer"
    words = f"a session is opened, and does not {step}: {_reason(evidence)}"
    facts = {"uri": evidence.uri, "code": str(evidence.code or ""), "detail": _reason(evidence)}
    return Judgement(status=Status.FAIL, summary=words, raised=(Raised(id="janus-session-refused", facts=facts),))


def _judged_creation(evidence: Evidence) -> Judgement:
    facts = {"uri": evidence.uri, "code": str(evidence.code or ""), "detail": _reason(evidence)}
    if evidence.code not in _UNAUTHORIZED:
        raised = (Raised(id="janus-session-refused", facts=facts),)
        return Judgement(status=Status.FAIL, summary=f"no session: {_reason(evidence)}", raised=raised)
    if evidence.secret == "sent":  # noqa: S105
        raised = (Raised(id="janus-secret-refused", facts=facts),)
        return Judgement(status=Status.FAIL, summary=f"the API secret is refused: {_reason(evidence)}", raised=raised)
    why = "none was given" if evidence.secret == "none" else "it was not sent, as the certificate is not good"  # noqa: S105
    words = f"it asks for an API secret or a token, and {why}: whether sessions and media work is not told"
    return Judgement(status=Status.INCONCLUSIVE, summary=words, raised=(Raised(id="janus-auth-required", facts=facts),))


def _reason(evidence: Evidence) -> str:
    return f"error {evidence.code}, {evidence.reason}" if evidence.code is not None else evidence.reason


PROBE = Probe(
    id="janus.session",
    title="Janus session",
    rung=6,
    schemes=frozenset({"janus+http", "janus+https", "janus+ws", "janus+wss"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=8 * WAIT_S,
    needs=(Gateway,),
    gives=(Answered,),
)
