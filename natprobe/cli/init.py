"""`natprobe init`: writes a first deployment file, commented, by asking or from the URIs that are named."""

import argparse
import sys
from pathlib import Path

import msgspec

from natprobe.cli.asking import asked
from natprobe.cli.command_line import quoted
from natprobe.cli.exits import PASSED
from natprobe.cli.parser import UsageError
from natprobe.cli.planning import parsed
from natprobe.deployment.draft import Wish, draft, variables
from natprobe.deployment.schema import render_schema
from natprobe.target import Target

DEFAULT_FILE = "deployment.toml"
_EPILOG = """\
Without a URI it asks on the terminal. Each group of the file lists, as comments,
the options that its targets heed. Secrets are named there, never written.

examples:
  natprobe init
  natprobe init https://www.example.org/ wss://www.example.org/ws turn:turn.example.org
  natprobe init turn:turn.example.org --rest -o - | less
  natprobe init --schema > deployment.schema.json      what editors check the file by
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `natprobe init` to `parser`."""
    parser.epilog = _EPILOG
    parser.add_argument("targets", metavar="URI", nargs="*", help="what the deployment is made of, as for check")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        default=DEFAULT_FILE,
        help="where to write; `-` is stdout (default: %(default)s)",
    )
    parser.add_argument("--force", action="store_true", help="overwrite FILE where it is there already")
    parser.add_argument(
        "-u", "--user", metavar="USER", default="natprobe", help="TURN user name (default: %(default)s)"
    )
    parser.add_argument("--rest", action="store_true", help="TURN credentials are minted from a shared secret")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of deployment files")


def run(args: argparse.Namespace) -> int:
    """Writes the file and says what to do next. Returns the exit code."""
    if args.schema:
        sys.stdout.write(render_schema())
        return PASSED
    path = None if args.output == "-" else Path(args.output)
    if path is not None and path.exists() and not args.force:
        raise UsageError(f"init: {path} is there already; name another file with -o, or overwrite it with --force")
    wish = _from_uris(args) if args.targets else _from_questions()
    text = draft(wish, DEFAULT_FILE if path is None else str(path))
    if path is None:
        sys.stdout.write(text)
        return PASSED
    _write(path, text, force=args.force)
    sys.stdout.write(_next(path, wish))
    return PASSED


def _from_uris(args: argparse.Namespace) -> Wish:
    targets = parsed(args.targets)
    return Wish(targets=targets, page=_page(targets), login="secret" if args.rest else "password", user=args.user)


def _from_questions() -> Wish:
    if not sys.stdin.isatty():
        raise UsageError("init: there is nobody to ask; name the deployment's URIs, such as turn:turn.example.org")
    wish = asked(sys.stdin, sys.stderr)
    if not (wish.targets or wish.closed):
        raise UsageError("init: a deployment without a target is none; name one, such as turn:turn.example.org")
    return msgspec.structs.replace(wish, page=_page(wish.targets))


def _page(targets: tuple[Target, ...]) -> Target | None:
    """The first web page among them."""
    return next((target for target in targets if target.scheme in {"https", "http"}), None)


def _write(path: Path, text: str, *, force: bool) -> None:
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"init: {path} is there already; name another file with -o") from None
    except OSError as error:
        raise UsageError(f"init: {path} cannot be written ({error.strerror})") from None


def _next(path: Path, wish: Wish) -> str:
    count = len(wish.targets) + len(wish.closed)
    wanted = variables(wish)
    first = f"Set {' and '.join(wanted)}, then" if wanted else "Now"
    return f"{path}: {count} target{'' if count == 1 else 's'}. {first}: natprobe check -d {quoted(str(path))}\n"
