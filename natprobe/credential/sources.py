"""Where does the credential come from? The command line, then the environment, then a question on the terminal."""

from collections.abc import Callable, Mapping

import msgspec

from natprobe.credential.rest import mint
from natprobe.credential.secret import Credential, CredentialError, Secret, checked_username

DEFAULT_TTL_S = 86400
LONGEST_FILE = 65536
"""How much of a file is read for a secret, in characters."""
Read = Callable[[str], str]
Prompt = Callable[[str], str]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says about a credential."""

    user: str | None = None
    password: Secret | None = None
    password_file: str | None = None
    secret: Secret | None = None
    secret_file: str | None = None


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A credential that is ready to use, and where it was found."""

    credential: Credential
    origin: str
    """`-p`, `NATPROBE_PASSWORD`, `--secret-file F` …, for the report."""
    secret: Secret | None = None
    """The shared secret from which it was minted; None for a plain password."""


class _Found(msgspec.Struct, frozen=True):
    value: Secret
    origin: str


def load(
    options: Options, environ: Mapping[str, str], *, read: Read, prompt: Prompt | None, now_s: float
) -> Given | None:
    """The credential that the user gave, or None where nothing was given.

    `read` returns a file's text or raises OSError; `prompt` asks without echo, None where nobody can answer. A shared
    secret is minted at `now_s` (UNIX time) for a day. Raises CredentialError with one line.
    """
    user = options.user if options.user is not None else environ.get("NATPROBE_USER") or None
    password, secret = _password_and_secret(options, environ, read)
    if secret is not None:
        name = None if user is None else checked_username(user)
        minted = mint(secret.value, name, DEFAULT_TTL_S, now_s)
        return Given(credential=minted, origin=secret.origin, secret=secret.value)
    if user is None:
        if password is not None:
            raise CredentialError(f"{password.origin} gives a password without a user name; add -u USER")
        return None
    checked_username(user)
    password = password or _asked(user, prompt)
    return Given(credential=Credential(user, password.value), origin=password.origin)


def load_secret(options: Options, environ: Mapping[str, str], *, read: Read, prompt: Prompt | None) -> Secret | None:
    """The shared secret alone: --secret, --secret-file, NATPROBE_SECRET or the prompt. Raises CredentialError."""
    found = _from_options("--secret", options.secret, "--secret-file", options.secret_file, read)
    found = found or _from_environ("NATPROBE_SECRET", environ)
    if found is None and prompt is not None:
        found = _typed("Shared secret: ", "the secret typed", prompt)
    return None if found is None else found.value


def _password_and_secret(
    options: Options, environ: Mapping[str, str], read: Read
) -> tuple[_Found | None, _Found | None]:
    """What stands on the command line; only where nothing does, what stands in the environment."""
    password = _from_options("-p", options.password, "--password-file", options.password_file, read)
    secret = _from_options("--secret", options.secret, "--secret-file", options.secret_file, read)
    if password is None and secret is None:
        password = _from_environ("NATPROBE_PASSWORD", environ)
        secret = _from_environ("NATPROBE_SECRET", environ)
    if password is not None and secret is not None:
        raise CredentialError(f"{password.origin} and {secret.origin} exclude each other; give one of them")
    return password, secret


def _from_options(flag: str, value: Secret | None, file_flag: str, path: str | None, read: Read) -> _Found | None:
    if value is not None and path is not None:
        raise CredentialError(f"{flag} and {file_flag} exclude each other; give one of them")
    if path is not None:
        return _first_line(f"{file_flag} {path}", path, read)
    return None if value is None else _checked(value.reveal(), flag)


def _from_environ(name: str, environ: Mapping[str, str]) -> _Found | None:
    # CI systems set a variable to nothing where a secret is not available: that is the same as no variable.
    value = environ.get(name)
    return _checked(value, name) if value else None


def _first_line(origin: str, path: str, read: Read) -> _Found:
    try:
        text = read(path)
    except OSError as error:
        raise CredentialError(f"{origin}: cannot be read: {error.strerror or type(error).__name__}") from None
    except ValueError:
        raise CredentialError(f"{origin}: is not UTF-8 text") from None
    return _checked(text.removeprefix("\ufeff").split("\n", 1)[0].rstrip("\r"), origin)


def _checked(text: str, origin: str) -> _Found:
    if not text:
        raise CredentialError(f"{origin} is empty; put the value there, or leave it out")
    if not text.isprintable():
        raise CredentialError(f"{origin} holds a control character or broken UTF-8; look for a stray line end or tab")
    return _Found(Secret(text), origin)


def _asked(user: str, prompt: Prompt | None) -> _Found:
    if prompt is None:
        raise CredentialError(
            f"no password for user {user!r}; set NATPROBE_PASSWORD or NATPROBE_SECRET, or give --password-file F"
        )
    return _typed(f"Password for {user}: ", "the password typed", prompt)


def _typed(question: str, origin: str, prompt: Prompt) -> _Found:
    try:
        return _checked(prompt(question), origin)
    except EOFError:
        raise CredentialError(f"{origin} is empty; type it, or give it in a file or the environment") from None
