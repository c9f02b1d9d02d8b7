"""What is watched, and by which credential? It may change from inside the dashboard, and is planned anew each round."""

import argparse
import time
from dataclasses import replace
from functools import partial
from typing import Any

from natprobe.cli.execute import Work
from natprobe.cli.kept import kept_report
from natprobe.cli.nat import plain_nat_probes
from natprobe.cli.options import deadline_s, families, settings
from natprobe.cli.parser import UsageError
from natprobe.cli.planning import parsed
from natprobe.cli.tape import Tape
from natprobe.credential import Credential, CredentialError, Given, Secret, mint
from natprobe.credential.secret import checked_username
from natprobe.events import Emit
from natprobe.gathering import Wish, gather
from natprobe.model import Command, Report
from natprobe.plan import Plan
from natprobe.probe import Probe
from natprobe.probes import all_probes
from natprobe.runner import run
from natprobe.target import Target
from natprobe_tui.desk import DeskError

_TTL_S = 86400
_ORIGIN = "the dashboard"
_HOST_DEADLINE_S = 10.0
"""A look at this host stands between two rounds: it takes no longer than this."""
_NAT_SCHEMES = frozenset({"stun", "turn"})
_ICE_SCHEMES = frozenset({"stun", "stuns", "turn", "turns"})


class Desk:
    """Answers the dashboard's wishes (`natprobe_tui.desk.Desk`), and plans its rounds."""

    def __init__(
        self, args: argparse.Namespace, targets: tuple[Target, ...], given: Given | None, tape: Tape | None = None
    ) -> None:
        self._args = args
        self._targets = targets
        self._given = given
        self._tape = tape or Tape()

    @property
    def recording(self) -> str:
        """The file that is written, or nothing."""
        return self._tape.name

    def plan(self, asked: str | None) -> Plan:
        """A round of all targets, or of the one that is named. Raises UsageError."""
        chosen = tuple(target for target in self._targets if asked in (None, str(target)))
        return self._plan("watch", chosen or self._targets, all_probes())

    def look(self) -> Work:
        """A look at this host: through which NAT it speaks, and which candidates it has."""
        return partial(_look, self._nat(), self._wish())

    def add(self, text: str) -> str:
        """Watches one more target."""
        try:
            (target,) = parsed([text])
        except UsageError as error:
            raise DeskError(str(error)) from None
        if target in self._targets:
            raise DeskError(f"{target} is watched already")
        self._targets = (*self._targets, target)
        return f"{target} is watched as well"

    def log_in(self, user: str, password: str, secret: str) -> str:
        """Takes another credential for all targets."""
        self._given = typed(user, password, secret)
        return f"{self._given.credential.username} logs in from now on"

    def record(self, name: str) -> str:
        """Records in a new file."""
        try:
            self._tape.begin(name)
        except FileExistsError:
            raise DeskError(f"{name} is there already; name another file") from None
        except OSError as error:
            raise DeskError(f"{name or 'a file without a name'} cannot be written ({error.strerror})") from None
        except ValueError:
            raise DeskError("that is no file name") from None
        return f"{name} holds the rounds from now on"

    def stop_recording(self) -> str:
        """Ends the recording."""
        name = self._tape.name
        self._tape.end()
        return f"{name} is complete"

    def _plan(self, command: Command, targets: tuple[Target, ...], probes: tuple[Probe[Any], ...]) -> Plan:
        return Plan(
            command=command,
            targets=targets,
            probes=probes,
            settings=settings(self._args, _renewed(self._given)),
            deadline_s=deadline_s(self._args),
            families=families(self._args),
        )

    def _nat(self) -> Plan:
        """Servers that are asked over UDP tell of the NAT."""
        asked = tuple(each for each in self._targets if each.scheme in _NAT_SCHEMES and each.transport != "tcp")
        return replace(self._plan("nat", asked, plain_nat_probes()), aim="host", deadline_s=self._host_deadline_s)

    def _wish(self) -> Wish:
        asked = tuple(target for target in self._targets if target.scheme in _ICE_SCHEMES)
        plan = replace(self._plan("gather", asked, all_probes()), deadline_s=self._host_deadline_s)
        return Wish(plan, (plan.settings.credential,) * len(asked))

    @property
    def _host_deadline_s(self) -> float:
        return min(deadline_s(self._args), _HOST_DEADLINE_S)


async def _look(nat: Plan, wish: Wish, emit: Emit) -> None:
    if nat.targets:
        await run(nat, emit)
    await gather(wish, emit)


def older(name: str) -> Report:
    """The report in the file `name`, to compare with. Raises DeskError."""
    if not name or name == "-":
        raise DeskError("name a file that --json or the dashboard has saved")
    try:
        return kept_report(name)
    except UsageError as error:
        raise DeskError(str(error)) from None


def typed(user: str, password: str, secret: str) -> Given:
    """The credential that was typed in the dashboard. Raises DeskError."""
    if password and secret:
        raise DeskError("a password and a shared secret exclude each other; type one of them")
    if not (password or secret):
        raise DeskError("type the password, or the shared secret")
    if password and not user:
        raise DeskError("type the user name that the password belongs to")
    if not (password + secret).isprintable():
        raise DeskError("that holds a control character; look for a stray line end or tab")
    try:
        if secret:
            shared, name = Secret(secret), checked_username(user) if user else None
            return Given(credential=mint(shared, name, _TTL_S, time.time()), origin=_ORIGIN, secret=shared)
        return Given(credential=Credential(checked_username(user), Secret(password)), origin=_ORIGIN)
    except CredentialError as error:
        raise DeskError(str(error)) from None


def _renewed(given: Given | None) -> Given | None:
    """The credential of a round: one that is minted from a secret is minted anew, so that it never runs out."""
    if given is None or given.secret is None:
        return given
    user = given.credential.username.partition(":")[2] or None
    return Given(credential=mint(given.secret, user, _TTL_S, time.time()), origin=given.origin, secret=given.secret)
