"""One dashboard of `natprobe watch --web`: `python -m natprobe.cli.web_session`, with its options in the environment.

They come that way since the list of processes shows every user what stands on a command line.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from natprobe.cli.options import credential
from natprobe.cli.planning import Wanted, wanted
from natprobe.credential import Given

OPTIONS = "NATPROBE_WEB_SESSION"
_CREDENTIAL_OPTIONS = ("user", "password", "password_file", "secret", "secret_file")
_LEFT_OUT = frozenset({"run", "web", "web_port", *_CREDENTIAL_OPTIONS})
_FOR_ALL = "for_all"
_CREDENTIAL = ("NATPROBE_USER", "NATPROBE_PASSWORD", "NATPROBE_SECRET")


def environment(args: argparse.Namespace, want: Wanted) -> dict[str, str]:
    """What a session needs in its environment to watch as `args` say, by the credential of `want`."""
    plain = {name: value for name, value in vars(args).items() if name not in _LEFT_OUT}
    told = {OPTIONS: json.dumps({**plain, _FOR_ALL: want.for_all})}
    return told if want.given is None else told | dict.fromkeys(_CREDENTIAL, "") | _credential(want.given)


def _credential(given: Given) -> dict[str, str]:
    if given.secret is not None:
        user = given.credential.username.partition(":")[2]
        return {"NATPROBE_USER": user, "NATPROBE_SECRET": given.secret.reveal()}
    return {"NATPROBE_USER": given.credential.username, "NATPROBE_PASSWORD": given.credential.password.reveal()}


def received(environ: Mapping[str, str]) -> tuple[argparse.Namespace, Wanted]:
    """What `environment` wrote, and what that asks for. Raises UsageError."""
    plain: dict[str, Any] = json.loads(environ[OPTIONS])
    for_all = plain.pop(_FOR_ALL)
    nothing = dict.fromkeys(_CREDENTIAL_OPTIONS)
    args = argparse.Namespace(**(nothing | plain | {"families": tuple(plain["families"]), "web": False, "web_port": 0}))
    want = wanted(args)
    return args, replace(want, given=credential(args), for_all=True) if for_all else want


def main() -> int:
    """Watches until the browser's tab is closed."""
    from natprobe.cli.playing import play  # noqa: PLC0415  what the tests of the functions above do not need

    args, want = received(os.environ)
    for name in (OPTIONS, *_CREDENTIAL):  # what a change starts shall not inherit them
        os.environ.pop(name, None)
    play(args, want)
    return 0


if __name__ == "__main__":
    sys.exit(main())
