"""What is watched, and by which credential? It may change from inside the dashboard, and is planned anew each round."""

import argparse
import time
from dataclasses import replace
from functools import partial

import msgspec

from natprobe.cli.execute import Work
from natprobe.cli.kept import kept_report
from natprobe.cli.nat import plain_nat_probes
from natprobe.cli.parser import UsageError
from natprobe.cli.planning import Wanted, parsed, planned
from natprobe.cli.tape import Tape
from natprobe.credential import Credential, CredentialError, Given, Secret, mint
from natprobe.credential.secret import checked_username
from natprobe.events import Emit
from natprobe.gathering import Wish, gather
from natprobe.model import Command, Report
from natprobe.plan import Plan
from natprobe.probe import Settings
from natprobe.runner import run
from natprobe.target import Target
from natprobe_tui.desk import DeskError

_TTL_S = 86400
_ORIGIN = "the dashboard"
_LONGEST_LOOK_S = 10.0
"""A look at this host stands between two rounds: it takes no longer than this."""
_NAT_SCHEMES = frozenset({"stun", "turn"})
_ICE_SCHEMES = frozenset({"stun", "stuns", "turn", "turns"})


class Desk:
    """Answers the dashboard's wishes (`natprobe_tui.desk.Desk`), and plans its rounds."""

    def __init__(self, args: argparse.Namespace, want: Wanted, tape: Tape | None = None) -> None:
        self._args = args
        self._want = want
        self._logins: dict[Target, Given] = {}
        """What was typed for one target."""
        self._tape = tape or Tape()

    @property
    def recording(self) -> str:
        """The file that is written, or nothing."""
        return self._tape.name

    def plan(self, asked: str | None = None) -> Plan:
        """A round of all targets, or of the one that is named. Raises UsageError."""
        whole = self._plan("watch")
        chosen = tuple(target for target in whole.targets if asked in (None, str(target)))
        return msgspec.structs.replace(whole, targets=chosen or whole.targets)

    def look(self) -> Work:
        """A look at this host: through which NAT it speaks, and which candidates it has."""
        return partial(_look, self._nat(), self._wish())

    def add(self, text: str) -> str:
        """Watches one more target."""
        try:
            (target,) = parsed([text])
        except UsageError as error:
            raise DeskError(str(error)) from None
        if target in self.plan().targets:
            raise DeskError(f"{target} is watched already")
        self._want = replace(self._want, targets=(*self._want.targets, target))
        return f"{target} is watched as well"

    def log_in(self, user: str, password: str, secret: str, target: str) -> str:
        """Takes another credential for one target, or for all where none is named."""
        whose = [each for each in self.plan().targets if target in ("", str(each))]
        if not whose:
            raise DeskError(f"{target} is not watched; name a target as it stands in the table, or none for all")
        given = typed(user, password, secret)
        if target:
            self._logins[whose[0]] = given
        else:
            self._logins.clear()
            self._want = replace(self._want, given=given, for_all=True)
        return f"{given.credential.username} logs in from now on"

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

    def _plan(self, command: Command) -> Plan:
        plan = planned(command, self._args, replace(self._want, given=_renewed(self._want.given)))
        typed_for = {
            target: _by(plan.own.get(target, plan.settings), _renewed(given)) for target, given in self._logins.items()
        }
        return msgspec.structs.replace(plan, own={**plan.own, **typed_for})

    def _nat(self) -> Plan:
        """Servers that are asked over UDP tell of the NAT."""
        plan = self._plan("nat")
        asked = tuple(each for each in plan.targets if each.scheme in _NAT_SCHEMES and each.transport != "tcp")
        return msgspec.structs.replace(
            plan, targets=asked, probes=plain_nat_probes(), aim="host", deadline_s=min(plan.deadline_s, _LONGEST_LOOK_S)
        )

    def _wish(self) -> Wish:
        plan = self._plan("gather")
        asked = tuple(target for target in plan.targets if target.scheme in _ICE_SCHEMES)
        logins = tuple(plan.own.get(target, plan.settings).credential for target in asked)
        deadline_s = min(plan.deadline_s, _LONGEST_LOOK_S)
        return Wish(msgspec.structs.replace(plan, targets=asked, deadline_s=deadline_s), logins)


def _by(settings: Settings, given: Given | None) -> Settings:
    if given is None:
        return settings
    return msgspec.structs.replace(
        settings, credential=given.credential, credential_origin=given.origin, minted=given.secret is not None
    )


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
