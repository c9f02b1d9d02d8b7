"""`natprobe connect`: a call between two machines for real: which path, how fast, how good?"""

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

import msgspec

from natprobe.address import kind_of
from natprobe.cli.execute import execute_work
from natprobe.cli.ice_options import add_ice_options, wished
from natprobe.cli.keeping import add_keeping_options, keep_history, keeping
from natprobe.cli.listen import listen_address
from natprobe.cli.options import add_credential_options, add_run_options
from natprobe.cli.output import add_output_options, tell, wanted_files
from natprobe.cli.parser import UsageError
from natprobe.client.description import Description, DescriptionError, Kind, looks_like_line, read_line
from natprobe.client.meeting import Messenger
from natprobe.connecting import Party, connect
from natprobe.connecting.by_hand import ByHand, File, Place, Terminal
from natprobe.target import TargetError, parse

Open = Callable[[], AbstractAsyncContextManager[Messenger]]

DEFAULT_PAGE = "127.0.0.1:0"
DEFAULT_TIMEOUT_S = 120.0
_EPILOG = """\
One side offers, the other answers; each prints one line that the other needs.
Both lines hold a password for this one call: treat them so until it has ended.

examples:
  natprobe connect stun:stun.example.org            here: prints the offer, then
                                                    reads the answer
  natprobe connect 'natprobe-offer-1...' stun:stun.example.org      there
  natprobe connect - turn:turn.example.org -u alice      the offer from stdin
  natprobe connect --offer-file o --answer-file a        on a shared directory:
  natprobe connect --offer-file o --answer-file a --answer      the other side
  natprobe connect --via wss://signal.example.org/room-7       and on the other
  natprobe connect --via wss://signal.example.org/room-7 --answer      side
  natprobe connect --browser --listen 192.0.2.20:8080 stun:stun.example.org
  natprobe connect --browsers --listen 0.0.0.0:8080 --ice-servers ice.json

Where stdout is no terminal it holds the line alone, and the report's text goes
to stderr; with --json the report is on stdout, and the line on stderr.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `natprobe connect` to `parser`."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "words", metavar="OFFER|URI", nargs="*",
        help="the other side's offer, to answer it (`-` reads it from stdin); stun:, turn: or turns: URIs",
    )  # fmt: skip
    add_ice_options(parser)
    group = parser.add_argument_group("how the two lines travel (default: printed and pasted)")
    group.add_argument(
        "--via", metavar="WSS-URL", help="by a WebSocket that passes on what it gets, and that both sides open"
    )
    group.add_argument(
        "--answer", action="store_true", help="answer the offer that comes by --via, by a file or from stdin"
    )
    group.add_argument("--offer-file", metavar="FILE", help="the offer is written to FILE, or read from it")
    group.add_argument("--answer-file", metavar="FILE", help="the answer is read from FILE, or written to it")
    group = parser.add_argument_group("browsers as ends of the call")
    group.add_argument(
        "--browser", action="store_true", help="serve a page, and call the browser that opens it (ICE alone, no DTLS)"
    )
    group.add_argument(
        "--browsers", action="store_true", help="serve a page, and let two browsers that open it call each other"
    )
    group.add_argument(
        "--listen", metavar="ADDRESS:PORT", action="append", default=[],
        help=f"where the page is served; may be given several times (default: {DEFAULT_PAGE}, for this host alone)",
    )  # fmt: skip
    add_credential_options(parser)
    add_run_options(parser)
    parser.set_defaults(timeout=DEFAULT_TIMEOUT_S)
    add_output_options(parser)
    add_keeping_options(parser)


def run(args: argparse.Namespace) -> int:
    """Makes the call, and tells one report. Returns the exit code."""
    if args.browser or args.browsers or args.listen:
        return _with_browsers(args)
    uris, offering, far = _roles(args)
    wish = msgspec.structs.replace(wished(args, uris, "connect"), lend=True)
    files = wanted_files(args)
    line_apart = args.json or args.nagios
    stream = sys.stdout if sys.stdout.isatty() or line_apart else sys.stderr
    with keeping(args) as keepers, _messengers(args, sys.stderr if line_apart else sys.stdout) as opens:
        party = Party(opens, offering, say, far)
        report = execute_work(partial(connect, wish, party), keepers)
    if party.refusal is not None:
        raise UsageError(f"connect: {party.refusal}")
    keep_history(report, args)
    return tell(report, args, files, stream)


def _with_browsers(args: argparse.Namespace) -> int:
    """Serves the page, and tells one report."""
    from natprobe.connecting.browser.between_pages import watch_browsers  # noqa: PLC0415
    from natprobe.connecting.browser.with_page import call_browser  # noqa: PLC0415
    from natprobe.connecting.run import PageParty  # noqa: PLC0415
    from natprobe.listening.http import ListenError  # noqa: PLC0415

    _objections_to_browsers(args)
    wish = msgspec.structs.replace(wished(args, args.words, "connect"), lend=True)
    files, out = wanted_files(args), sys.stderr if args.json or args.nagios else sys.stdout
    listen = tuple(dict.fromkeys(listen_address(text, DEFAULT_PAGE) for text in args.listen or [DEFAULT_PAGE]))
    party = PageParty(listen, partial(_show, out, args.browsers))
    call = watch_browsers if args.browsers else call_browser
    try:
        with keeping(args) as keepers:
            report = execute_work(partial(call, wish, party), keepers)
    except ListenError as error:
        raise UsageError(f"--listen: {error}") from None
    keep_history(report, args)
    return tell(report, args, files)


def _objections_to_browsers(args: argparse.Namespace) -> None:
    """Raises UsageError where the options do not go together."""
    if not (args.browser or args.browsers):
        raise UsageError("--listen: it says where the page for browsers is served; add --browser or --browsers")
    if args.browser and args.browsers:
        raise UsageError("connect: --browser calls one from here, --browsers lets two call each other; name one")
    if args.via or args.offer_file or args.answer_file or args.answer or any(map(looks_like_line, args.words)):
        raise UsageError("connect: the page carries the signalling by itself; leave offer, answer, files and --via out")


def _show(out: TextIO, both: bool, url: str) -> None:  # noqa: FBT001
    """Tells under which address the page is there."""
    say(f"open this address {'in both browsers' if both else 'in the browser'}; it holds for this one call")
    if kind_of(urlsplit(url).hostname or "") != "loopback":
        say("it is http: whoever reads it on the way learns the TURN credentials that the page is given")
    out.write(f"{url}\n")
    out.flush()


def _roles(args: argparse.Namespace) -> tuple[list[str], bool, Description | None]:
    """The URIs, whether this side offers, and the offer that it was given. Raises UsageError."""
    offers = [word for word in args.words if word == "-" or looks_like_line(word)]
    uris = [word for word in args.words if word not in offers]
    if args.via and (offers or args.offer_file or args.answer_file):
        raise UsageError("connect: with --via both lines go through the WebSocket; leave the offer and the files out")
    if len(offers) > 1:
        raise UsageError("connect: several offers were given, and a call has one")
    if offers and args.offer_file:
        raise UsageError("connect: the offer is given twice: as a word, and by --offer-file")
    if "-" in (*offers, args.answer_file, args.offer_file) and args.ice_servers == "-":
        raise UsageError("connect: standard input cannot be the offer and --ice-servers at once")
    if not offers or offers == ["-"]:
        return uris, not (offers or args.answer), None
    try:
        return uris, False, read_line(offers[0], "offer")
    except DescriptionError as error:
        raise UsageError(f"connect: {error}") from None


@contextlib.contextmanager
def _messengers(
    args: argparse.Namespace, out: TextIO
) -> Iterator[Callable[[], AbstractAsyncContextManager[Messenger]]]:
    """What opens the messenger. Raises UsageError."""
    if args.via is not None:
        yield _websocket(args)
        return
    with _places(args, out) as places:
        yield lambda: contextlib.nullcontext(ByHand(places))


def _websocket(args: argparse.Namespace) -> Open:
    from natprobe.connecting.by_websocket import by_websocket  # noqa: PLC0415
    from natprobe.net.trust import trust  # noqa: PLC0415

    try:
        target = parse(args.via)
    except TargetError as error:
        raise UsageError(f"--via: {error}") from None
    if target.scheme not in {"ws", "wss"}:
        raise UsageError(f"--via: {target} is no WebSocket; name one as wss://HOST/PATH")
    trusted = trust(args.ca_file, insecure=args.insecure) if target.secure else None
    return lambda: by_websocket(target, args.via, trusted, say)


@contextlib.contextmanager
def _places(args: argparse.Namespace, out: TextIO) -> Iterator[dict[Kind, Place]]:
    """Where the two lines are written and read. Raises UsageError."""
    terminal = Terminal(out, sys.stdin.fileno(), say, asks=sys.stdin.isatty())
    kept: dict[Kind, File] = {}
    named: tuple[tuple[Kind, str | None], ...] = (("offer", args.offer_file), ("answer", args.answer_file))
    for kind, name in named:
        if name is not None:
            if not Path(name).parent.is_dir():
                raise UsageError(f"--{kind}-file: there is no directory {Path(name).parent}")
            kept[kind] = File(Path(name), say)
    try:
        yield {"offer": kept.get("offer", terminal), "answer": kept.get("answer", terminal)}
    finally:
        for file in kept.values():
            file.remove()


def say(line: str) -> None:
    """One line of the conversation."""
    sys.stderr.write(f"natprobe: {line}\n")
    sys.stderr.flush()
