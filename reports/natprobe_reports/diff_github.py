"""A difference as GitHub workflow commands: what broke is an error, what fails besides a warning."""

from collections.abc import Iterator

from natprobe.difference import Change, Difference
from natprobe_reports.diff_view import cleaned, pace_sentence, place
from natprobe_reports.style import Style

_MESSAGE = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})
_SINGLE = (("error", "broke", "broke"), ("warning", "surfaced", "fails"), ("warning", "warned", "warns"))


def render(difference: Difference, style: Style) -> str:
    """One line a change, errors first; nothing where nothing broke, failed or got slower."""
    difference = cleaned(difference)
    lines = [
        _command(command, f"{change.id} {word}", _message(change))
        for command, field, word in _SINGLE
        for change in getattr(difference, field)
    ]
    lines += [
        _command("notice", "slower", pace_sentence(pace)) for pace in difference.slower if pace.proven or style.verbose
    ]
    return "".join(f"{line}\n" for line in lines)


def _message(change: Change) -> str:
    return "\n".join(_sentences(change))


def _sentences(change: Change) -> Iterator[str]:
    yield f"{place(change)}: {change.now_summary or 'no result'}"
    for finding in change.findings:
        yield f"Cause: {finding.cause}\nFix: {finding.fix}\nMore: natprobe explain {finding.id}"


def _command(name: str, title: str, message: str) -> str:
    return f"::{name} title={title.translate(_PROPERTY)}::{message.translate(_MESSAGE)}"
