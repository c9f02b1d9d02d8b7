"""How are the answers of ports told in a sentence?"""

from collections.abc import Iterable, Sequence

from natprobe.address import Address
from natprobe.client.ports import PortAnswer, PortRun, PortWord, Ranges, count
from natprobe.events import TransportName
from natprobe.wire.greetings import USUAL

_MOST_NAMED = 8
_WORDS: tuple[tuple[PortWord, str], ...] = (
    ("open", "open"),
    ("refused", "refused"),
    ("rejected", "rejected by a firewall"),
    ("unreachable", "unreachable"),
    ("silent", "silent"),
    ("no-route", "without route from here"),
    ("untold", "not asked"),
)


def told(found: Sequence[PortRun]) -> str:
    """Every run, by answer: "22 (SSH), 443 open; 60000-60100 silent (asked 2 times in 2.5 s)"."""
    pieces = []
    for word, said in _WORDS:
        fitting = [run for run in found if run.answer.word == word]
        if fitting:
            pieces.append(f"{named(fitting)} {said}{_asked(fitting) if word == 'silent' else ''}")
    return "; ".join(pieces)


def named(found: Iterable[PortRun]) -> str:
    """The ports of these runs, with the service where one is known: "22 (SSH), 8000-8010"."""
    texts = [f"{run} ({run.answer.service})" if run.answer.service else str(run) for run in found]
    more = len(texts) - _MOST_NAMED
    return ", ".join(texts[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def listed(found: Iterable[PortRun]) -> str:
    """The ports alone, as a target writes them."""
    texts = [str(run) for run in found]
    return ",".join(texts[:_MOST_NAMED]) + (",…" if len(texts) > _MOST_NAMED else "")


def asked(answer: PortAnswer) -> str:
    """How often and how long a silent port was asked: "asked 3 times in 3.5 s"."""
    waited = waited_text(answer)
    if answer.sends is None:
        return f"asked, then waited {waited}"
    return f"asked {answer.sends} times in {waited}" if answer.sends > 1 else f"asked once, then waited {waited}"


def exposed(server: Address, fitting: Sequence[PortRun], transport: TransportName) -> dict[str, str]:
    """What is told of open ports that shall be closed: who listens there, as its words prove or else by custom."""
    names = ", ".join(dict.fromkeys(_who(run) for run in fitting[:_MOST_NAMED]))
    proofs = "; ".join(f"port {run}: {_how_open(run.answer)}" for run in fitting[:_MOST_NAMED])
    return facts(server, fitting, transport) | {"name": names, "detail": proofs}


def _how_open(answer: PortAnswer) -> str:
    return f"it says {answer.says!r}" if answer.says else answer.detail or "it answers"


def _who(run: PortRun) -> str:
    if run.answer.service:
        return run.answer.service
    usual = USUAL.get(run.first)
    return f"the service on port {run}" + (f" (by custom {usual})" if usual and run.first == run.last else "")


def portion(found: Iterable[PortRun], ranges: Ranges) -> str:
    """How many of the ports were asked, where not all were."""
    total, some = count(ranges), sum(run.asked for run in found)
    return "" if some == total else f"{some} of {total} ports asked: "


def unasked(left: int) -> str:
    """The clause for ports that a check did not come to before it was cut off."""
    return f"; {left} more port{'s' * (left > 1)} not tested" if left else ""


def facts(server: Address, fitting: Sequence[PortRun], transport: TransportName) -> dict[str, str]:
    """What findings about these ports of `server` are told with."""
    host, ports, answer = server.host, listed(fitting), fitting[0].answer
    said = {
        "address": f"[{host}]:{ports}" if ":" in host else f"{host}:{ports}",
        "host": host,
        "port": ports if ports.isdecimal() else "PORT",
        "transport": transport,
        "detail": answer.detail,
    }
    if answer.word == "silent":
        said |= {"sends": str(answer.sends or 1), "waited": waited_text(answer)}
    return said


def waited_text(answer: PortAnswer) -> str:
    """The time of a silence."""
    return f"{(answer.waited_ms or 0) / 1000:.1f} s"


def _asked(found: Sequence[PortRun]) -> str:
    weakest = min((run.answer for run in found), key=lambda answer: answer.sends or 0)
    return f" ({asked(weakest)})"
