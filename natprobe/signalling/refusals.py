"""What does an answer that is no 101 say about the server, the proxy before it, or the URL? Pure: a table."""

from natprobe.client.http import HttpExchange
from natprobe.client.websocket import Upgrade
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.net.trouble import Reason
from natprobe.probe import Judgement

_BY_STATUS = {
    400: "ws-400",
    403: "ws-403",
    404: "ws-404",
    426: "ws-426",
    502: "ws-502",
    503: "ws-502",
    504: "ws-504",
    **dict.fromkeys((301, 302, 303, 307, 308), "ws-301"),
    **dict.fromkeys(range(200, 300), "ws-200-no-upgrade"),
}
_PROXY = {502: "ws-502", 503: "ws-502", 504: "ws-504"}
SLOW_MS = 1000.0


def seconds(ms: float) -> str:
    """A duration in words: `12 ms`, `3.2 s`."""
    return f"{ms / 1000:.1f} s" if ms >= SLOW_MS else f"{ms:.0f} ms"


def status_words(exchange: HttpExchange) -> str:
    """`404 Not Found`."""
    return f"{exchange.status} {exchange.phrase}".strip()


def facts_of(exchange: HttpExchange, uri: str) -> dict[str, str]:
    """What findings may say of any answer."""
    location = next((each.value for each in exchange.headers if each.name.lower() == "location"), "")
    return {
        "uri": uri,
        "address": str(exchange.address),
        "code": str(exchange.status or ""),
        "phrase": exchange.phrase,
        "name": location,
        "waited": seconds(exchange.total_ms),
    }


def refused_upgrade(upgrade: Upgrade, uri: str) -> Raised:
    """The finding for an answer other than 101."""
    facts = facts_of(upgrade.exchange, uri) | {"detail": f"{upgrade.body!r}" if upgrade.body else ""}
    return Raised(id=_BY_STATUS.get(upgrade.status or 0, "http-status"), facts=facts)


def proxy_fault(exchange: HttpExchange, uri: str) -> Raised | None:
    """The finding where a proxy answers in place of the server behind it; None where that is not so."""
    found = _PROXY.get(exchange.status or 0)
    return None if found is None else Raised(id=found, facts=facts_of(exchange, uri))


def is_of_tls(exchange: HttpExchange) -> bool:
    """Whether nothing was asked because TLS did not come up."""
    return exchange.trouble is not None and exchange.trouble.reason is Reason.TLS


def unanswered(exchange: HttpExchange, uri: str) -> Judgement:
    """What it means that no answer could be read. What TLS met is told by its own check, and so not here again."""
    trouble = exchange.trouble
    if trouble is None:
        return Judgement(status=Status.INCONCLUSIVE, summary="not decided: nothing was answered")
    if is_of_tls(exchange):
        return Judgement(status=Status.SKIP, summary=f"not asked, as TLS does not come up: {trouble.detail}")
    if trouble.reason in _OURS:
        return Judgement(status=Status.INCONCLUSIVE, summary=f"not decided: {trouble.detail}")
    found = _NO_ANSWERS.get(trouble.reason)
    raised = Raised(id=found or "", facts=facts_of(exchange, uri) | {"detail": trouble.detail})
    return Judgement(status=Status.FAIL, summary=f"no answer: {trouble.detail}", raised=(raised,) if found else ())


_OURS = frozenset({Reason.NO_ROUTE, Reason.NOT_PERMITTED, Reason.LOCAL})
_NO_ANSWERS = {
    Reason.MALFORMED: "http-answer-malformed",
    **dict.fromkeys((Reason.SILENT, Reason.TIMEOUT, Reason.CLOSED, Reason.RESET), "http-no-answer"),
}
