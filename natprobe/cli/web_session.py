"""One dashboard of `natprobe watch --web`: `python -m natprobe.cli.web_session`, with its options in the environment.

They come that way since the list of processes shows every user what stands on a command line.
"""

import argparse
import json
import os
import sys
from typing import Any

from natprobe.credential import Given

OPTIONS = "NATPROBE_WEB_SESSION"
_LEFT_OUT = frozenset({"run", "web", "web_port", "user", "password", "password_file", "secret", "secret_file"})
_CREDENTIAL = ("NATPROBE_USER", "NATPROBE_PASSWORD", "NATPROBE_SECRET")


def environment(args: argparse.Namespace, given: Given | None) -> dict[str, str]:
    """What a session needs in its environment to watch as `args` say, by the credential `given`."""
    plain = {name: value for name, value in vars(args).items() if name not in _LEFT_OUT}
    return {OPTIONS: json.dumps(plain), **dict.fromkeys(_CREDENTIAL, ""), **_credential(given)}


def _credential(given: Given | None) -> dict[str, str]:
    if given is None:
        return {}
    if given.secret is not None:
        user = given.credential.username.partition(":")[2]
        return {"NATPROBE_USER": user, "NATPROBE_SECRET": given.secret.reveal()}
    return {"NATPROBE_USER": given.credential.username, "NATPROBE_PASSWORD": given.credential.password.reveal()}


def arguments(environ: dict[str, str]) -> argparse.Namespace:
    """The options that `environment` wrote."""
    plain: dict[str, Any] = json.loads(environ.pop(OPTIONS))
    nothing = dict.fromkeys(sorted(_LEFT_OUT - {"run"}))
    return argparse.Namespace(**(nothing | plain | {"families": tuple(plain["families"]), "web": False}))


def main() -> int:
    """Watches until the browser's tab is closed."""
    from natprobe.cli.options import credential  # noqa: PLC0415
    from natprobe.cli.watch import play  # noqa: PLC0415

    environ = dict(os.environ)
    args = arguments(environ)
    given = credential(args)
    for name in (OPTIONS, *_CREDENTIAL):  # what a change starts shall not inherit them
        os.environ.pop(name, None)
    play(args, given)
    return 0


if __name__ == "__main__":
    sys.exit(main())
