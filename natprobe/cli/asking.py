"""What is the deployment made of? Some questions on the terminal, whose answers are read at once."""

from collections.abc import Callable
from typing import TextIO, TypeVar

from natprobe.cli.parser import UsageError
from natprobe.cli.planning import parsed
from natprobe.deployment.draft import LoginKind, Wish
from natprobe.target import Target

T = TypeVar("T")
_LOGINS: dict[str, LoginKind] = {"": "password", "password": "password", "secret": "secret", "none": "none"}
_PAGES = frozenset({"http", "https"})
_ICE = frozenset({"stun", "stuns", "turn", "turns"})
_PORTS = frozenset({"tcp", "udp"})
_REST = (
    # question, example
    ("WebSocket of the signalling, or AppRTC's room server", "wss://www.example.org/socket.io/"),
    ("URL that hands out ICE servers", "iceconfig+https://www.example.org/ice"),
    ("API of Janus or SRS", "janus+https://www.example.org/janus"),
)


def asked(answers: TextIO, questions: TextIO) -> Wish:
    """What the answers say. Questions that nobody answers any more (end of input) count as answered by nothing."""
    terminal = _Terminal(answers, questions)
    terminal.say("Write an answer, or press Enter for none. Ctrl-C leaves, and nothing is written.\n")
    pages = terminal.targets("Page that users open", "https://www.example.org/", _PAGES)
    servers = terminal.targets("STUN or TURN server", "turn:turn.example.org", _ICE)
    login, user = (
        _login(terminal) if any(each.scheme in {"turn", "turns"} for each in servers) else ("none", "natprobe")
    )
    rest = [target for question, example in _REST for target in terminal.targets(question, example)]
    closed = terminal.targets("Port that strangers must not reach", "tcp:www.example.org:6379", _PORTS)
    return Wish(targets=tuple(dict.fromkeys((*pages, *servers, *rest))), login=login, user=user, closed=tuple(closed))


def _login(terminal: "_Terminal") -> tuple[LoginKind, str]:
    login = terminal.one("TURN credential: password, secret (use-auth-secret) or none [password]", _kind)
    if login == "none":
        return login, "natprobe"
    return login, terminal.one("TURN user name [natprobe]", lambda text: text or "natprobe")


def _kind(text: str) -> LoginKind:
    if text.lower() not in _LOGINS:
        raise UsageError("write password, secret or none")
    return _LOGINS[text.lower()]


class _Terminal:
    """Asks, and asks again where an answer cannot be read."""

    def __init__(self, answers: TextIO, questions: TextIO) -> None:
        self._answers = answers
        self._questions = questions

    def say(self, text: str) -> None:
        """Shows `text`."""
        self._questions.write(text)
        self._questions.flush()

    def one(self, question: str, read: Callable[[str], T]) -> T:
        """The answer as `read` takes it; what it does not take (UsageError) is told, and asked again."""
        while True:
            self.say(f"{question}: ")
            line = self._answers.readline()
            try:
                return read(line.strip())
            except UsageError as error:
                self.say(f"  {error}\n")
                if not line:
                    raise

    def targets(self, question: str, example: str, schemes: frozenset[str] | None = None) -> list[Target]:
        """Any number of targets; nothing ends them."""
        found: list[Target] = []

        def read(text: str) -> Target | None:
            if not text:
                return None
            if schemes == _PAGES and ":" not in text:
                raise UsageError(f"it begins with https: or http:; did you mean https://{text}?")
            (target,) = parsed([text])
            if schemes is not None and target.scheme not in schemes:
                raise UsageError(f"write one that begins with {', '.join(sorted(schemes))}")
            return target

        while (target := self.one(f"{'Another' if found else question}, such as {example}", read)) is not None:
            found.append(target)
        return found
