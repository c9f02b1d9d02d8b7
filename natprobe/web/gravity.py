"""How bad is what was raised? The catalogue says so, in one place."""

from natprobe.catalogue import entry_of
from natprobe.events import Raised
from natprobe.model import Status


def status_of(raised: tuple[Raised, ...]) -> Status:
    """What the gravest of these findings makes of a check; infos leave it as it is."""
    severities = {entry_of(each.id).severity for each in raised}
    if "error" in severities:
        return Status.FAIL
    return Status.WARN if "warning" in severities else Status.PASS
