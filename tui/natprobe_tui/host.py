"""What is known of this host? Its NAT and its candidates, out of the runs that look at it between two rounds."""

from natprobe.events import (
    CandidateFound,
    CandidateMissed,
    CheckEnded,
    Event,
    NatClassified,
    RunEnded,
    RunStarted,
)
from natprobe.fold import check_of
from natprobe.model import Candidate, CandidateError, Check, Nat

COMMANDS = frozenset({"nat", "gather"})
"""The commands whose runs are about this host."""
MOST = 500
"""Candidates, and servers that gave none, which are kept."""
_ABOUT = ("nat.", "ice.")


class Host:
    """`hears` every event, and keeps those that are about this host."""

    def __init__(self) -> None:
        self.nat: Nat | None = None
        self.checks: dict[tuple[str, str], Check] = {}
        """The newest checks about this host, by id and side."""
        self.candidates: list[Candidate] = []
        self.missed: list[CandidateError] = []
        self.busy = False
        """Whether a run about this host goes on beside a deployment's rounds."""
        self.gathered = False
        """Whether a gathering has ended."""
        self._has_rounds = False

    def hears(self, event: Event) -> bool:
        """Takes `event` in. Returns whether it belongs to a run about this host alone, and to no round of servers."""
        match event:
            case RunStarted():
                self._begin(event)
            case NatClassified():
                self.nat = event.nat
            case CandidateFound() if len(self.candidates) < MOST:
                self.candidates.append(event.candidate)
            case CandidateMissed() if len(self.missed) < MOST:
                self.missed.append(event.error)
            case CheckEnded() if event.id.startswith(_ABOUT):
                self.checks[event.id, event.target] = check_of(event)
            case _:
                pass
        mine = self.busy
        if isinstance(event, RunEnded):
            self.gathered = self.gathered or bool(self.candidates)
            self.busy = False
        return mine

    def _begin(self, event: RunStarted) -> None:
        about_host = event.command in COMMANDS
        self._has_rounds = self._has_rounds or not about_host
        self.busy = about_host and self._has_rounds
        if event.command == "nat":
            self.checks = {key: check for key, check in self.checks.items() if not key[0].startswith("nat.")}
        if event.command == "gather":
            self.candidates, self.missed, self.gathered = [], [], False
