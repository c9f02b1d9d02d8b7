"""`natprobe credential`: mints a time-limited TURN credential, or says what is wrong with one. Asks no server."""

import argparse
import getpass
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from natprobe.cli.credential_verdict import examined, examined_json, examined_text
from natprobe.credential import (
    LONGEST_FILE,
    Credential,
    CredentialError,
    Options,
    Secret,
    load,
    load_secret,
    mint,
)
from natprobe.credential.secret import checked_username
from natprobe.credential.show import minted_json, minted_text
from natprobe.target import Target, TargetError, parse
from natprobe.textfile import read_text

WRONG_COMMAND_LINE = 2
_LONGEST_TTL_S = 10 * 366 * 86400
_TTL = re.compile(r"([0-9]{1,9})([smhd]?)")
_UNIT_S = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_EPILOG = """\
examples:
  natprobe credential --secret-file /etc/turn.secret --user alice --ttl 8h
  NATPROBE_SECRET=... natprobe credential --json --uri turn:turn.example.org
  natprobe credential --check 1767225600:alice --password-file issued.txt

A secret on the command line shows in the process list; NATPROBE_SECRET or a file does not.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `natprobe credential` to `parser`."""
    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--secret", metavar="SECRET", type=Secret, help="the server's static-auth-secret (or NATPROBE_SECRET)"
    )
    parser.add_argument("--secret-file", metavar="FILE", help="a file whose first line is the secret")
    parser.add_argument("-u", "--user", metavar="USER", help="the name to put behind the expiry; none by default")
    parser.add_argument("--ttl", metavar="TIME", default="24h", help="lifetime: 3600, 90m, 24h, 7d (default: 24h)")
    parser.add_argument("--separator", metavar="CHAR", default=":", help="the server's rest-api-separator (default: :)")
    parser.add_argument(
        "--uri", metavar="URI", action="append", default=[], help="with --json: a server to list under iceServers"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    check = parser.add_argument_group("to examine a credential that somebody else issued")
    check.add_argument("--check", metavar="USERNAME", help="say what is wrong with this user name and its password")
    check.add_argument(
        "-p", "--password", metavar="PASSWORD", type=Secret, help="its password (or NATPROBE_PASSWORD, or asked for)"
    )
    check.add_argument("--password-file", metavar="FILE", help="a file whose first line is the password")


def run(args: argparse.Namespace) -> int:
    """Prints the credential, or the verdict on one. 0: good; 1: the examined one is wrong; 2: the command line is."""
    try:
        return _examine(args) if args.check is not None else _mint(args)
    except (CredentialError, TargetError) as error:
        sys.stderr.write(f"natprobe credential: {error}\n")
        return WRONG_COMMAND_LINE


def parse_ttl(text: str) -> int:
    """Seconds out of `3600`, `90m`, `24h` or `7d`. Raises CredentialError."""
    match = _TTL.fullmatch(text)
    ttl_s = int(match[1]) * _UNIT_S[match[2]] if match else 0
    if not 0 < ttl_s <= _LONGEST_TTL_S:
        raise CredentialError(f"--ttl: {text!r} is no lifetime; write 3600, 90m, 24h or 7d, at most ten years")
    return ttl_s


def read_file(path: str) -> str:
    """The beginning of a text file. Raises OSError or UnicodeError."""
    return read_text(Path(path), LONGEST_FILE)


def terminal_prompt() -> Callable[[str], str] | None:
    """What asks without echo, where somebody sits at a terminal."""
    return getpass.getpass if sys.stdin.isatty() and sys.stderr.isatty() else None


def _mint(args: argparse.Namespace) -> int:
    if args.password is not None or args.password_file is not None:
        raise CredentialError("a password is minted, not given; to examine one, add --check USERNAME")
    ttl_s, now_s = parse_ttl(args.ttl), time.time()
    uris = tuple(_ice_uri(text) for text in args.uri)
    if uris and not args.json:
        raise CredentialError("--uri has a meaning with --json only, where it fills iceServers; add --json")
    user = None if args.user is None else checked_username(args.user)
    credential = mint(_secret(args), user, ttl_s, now_s, _separator(args.separator))
    if args.json:
        return _print_json(minted_json(credential, ttl_s=ttl_s, now_s=now_s, uris=uris))
    sys.stdout.write(minted_text(credential, ttl_s=ttl_s, now_s=now_s))
    return 0


def _examine(args: argparse.Namespace) -> int:
    if args.uri or args.user is not None:
        raise CredentialError("--check examines one user name; leave out --user and --uri")
    now_s = time.time()
    secret = load_secret(_options(args), os.environ, read=read_file, prompt=None)
    verdict = examined(_given(args), secret, now_s)
    if args.json:
        _print_json(examined_json(verdict))
    else:
        sys.stdout.write(examined_text(verdict))
    return 1 if verdict.raised else 0


def _given(args: argparse.Namespace) -> Credential:
    """The credential to examine. A secret beside it is what to compare with, not another source of it."""
    options = Options(user=args.check, password=args.password, password_file=args.password_file)
    environ = {name: value for name, value in os.environ.items() if name == "NATPROBE_PASSWORD" and value}
    prompt = terminal_prompt()
    if prompt is None and not (args.password or args.password_file or environ):
        raise CredentialError("no password to examine; set NATPROBE_PASSWORD, or give --password-file FILE")
    given = load(options, environ, read=read_file, prompt=prompt, now_s=0)
    if given is None:
        raise CredentialError("--check needs a user name")
    return given.credential


def _secret(args: argparse.Namespace) -> Secret:
    secret = load_secret(_options(args), os.environ, read=read_file, prompt=terminal_prompt())
    if secret is None:
        raise CredentialError("no shared secret; give --secret-file FILE, or set NATPROBE_SECRET")
    return secret


def _options(args: argparse.Namespace) -> Options:
    return Options(secret=args.secret, secret_file=args.secret_file)


def _separator(text: str) -> str:
    if len(text) != 1 or text.isalnum() or not text.isprintable():
        raise CredentialError(f"--separator: {text!r} is not one punctuation character")
    return text


def _ice_uri(text: str) -> Target:
    target = parse(text)
    if target.form != "ice":
        raise CredentialError(f"--uri: {target} is no stun or turn URI")
    return target


def _print_json(value: object) -> int:
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")
    return 0
