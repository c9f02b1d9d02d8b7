"""The certificates that servers showed, each chain once: names, days, and what is wrong with it."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from natprobe.model import Check, Report
from natprobe_reports.html.marks import STATUS_MARKS, Mark
from natprobe_reports.html.moments import day, moment
from natprobe_reports.view import place_of
from natprobe_reports.words import plural

_LONGEST_CHAIN = 10
_MOST_NAMES = 30
_SOON_DAYS = 30


class Certificate(NamedTuple):
    """One of a chain."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    more_names: int
    begin: str
    end: str
    left: str
    kind: str
    """pass, warn, fail or skip: how its dates stand."""
    elapsed: str | None
    """How much of its life is over, in percent; None where its dates cannot be read."""
    key: str
    signature: str
    fingerprint: str


class Chain(NamedTuple):
    """What a server showed, and where."""

    mark: Mark
    server_name: str
    summary: str
    places: tuple[str, ...]
    protocol: str
    objections: tuple[str, ...]
    certificates: tuple[Certificate, ...]


def chains(report: Report) -> tuple[Chain, ...]:
    """The chains of all `tls.certificate` checks; what several places show alike is told once."""
    found: dict[Chain, list[str]] = {}
    for check in report.checks:
        chain = _chain(check, report.started) if check.id == "tls.certificate" else None
        if chain is not None:
            found.setdefault(chain, []).append(place_of(check))
    return tuple(chain._replace(places=tuple(dict.fromkeys(places))) for chain, places in found.items())


def _chain(check: Check, started: str) -> Chain | None:
    handshake = check.evidence.get("handshake")
    if not isinstance(handshake, Mapping):
        return None
    now = _text(check.evidence, "now") or started
    served = _items(handshake, "chain")[:_LONGEST_CHAIN]
    protocol = (_text(handshake, "version"), _text(handshake, "cipher"), _text(handshake, "alpn"))
    return Chain(
        mark=STATUS_MARKS[check.status],
        server_name=_text(handshake, "server_name") or check.target,
        summary=check.summary,
        places=(),
        protocol=" · ".join(filter(None, protocol)),
        objections=tuple(_objections(handshake)),
        certificates=tuple(_certificate(each, now) for each in served),
    )


def _objections(handshake: Mapping[str, Any]) -> Iterator[str]:
    if handshake.get("name_matches") is False:
        yield f"it is not for the name {_text(handshake, 'server_name')}"
    yield from dict.fromkeys(_text(error, "sentence") for error in _items(handshake, "errors")[:_LONGEST_CHAIN])


def _certificate(found: Mapping[str, Any], now: str) -> Certificate:
    names = (*_texts(found, "dns_names"), *_texts(found, "ip_addresses"))
    begin, end = _text(found, "not_before"), _text(found, "not_after")
    left, kind = _left(begin, end, now)
    return Certificate(
        subject=_text(found, "subject") or "no subject",
        issuer=_text(found, "issuer") or "not known",
        names=names[:_MOST_NAMES],
        more_names=max(0, len(names) - _MOST_NAMES),
        begin=day(begin),
        end=day(end),
        left=left,
        kind=kind,
        elapsed=_elapsed(begin, end, now),
        key=_text(found, "key"),
        signature=_text(found, "signature_algorithm"),
        fingerprint=_text(found, "sha256"),
    )


def _left(begin: str, end: str, now: str) -> tuple[str, str]:
    first, last, moment_now = moment(begin), moment(end), moment(now)
    if last is None or moment_now is None:
        return "how long it is valid is not known", "skip"
    if last < moment_now:
        return f"ended {plural((moment_now - last).days, 'day')} ago", "fail"
    if first is not None and first > moment_now:
        return f"valid only in {plural((first - moment_now).days, 'day')}", "fail"
    days = (last - moment_now).days
    return f"{plural(days, 'day')} left", "warn" if days < _SOON_DAYS else "pass"


def _elapsed(begin: str, end: str, now: str) -> str | None:
    first, last, moment_now = moment(begin), moment(end), moment(now)
    if first is None or last is None or moment_now is None or last <= first:
        return None
    return f"{100 * min(1.0, max(0.0, (moment_now - first) / (last - first))):.1f}%"


def _text(holder: Mapping[str, Any], name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""


def _texts(holder: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = holder.get(name)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list | tuple) else ()


def _items(holder: Mapping[str, Any], name: str) -> tuple[Mapping[str, Any], ...]:
    value = holder.get(name)
    return tuple(item for item in value if isinstance(item, Mapping)) if isinstance(value, list | tuple) else ()
