"""Where a file of the user says that a secret is kept: looked up when it is wanted, and never written down."""

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from natprobe.credential.secret import CredentialError, Secret

Read = Callable[[str], str]
"""A file's text. Raises OSError, or ValueError where it is no text."""


class Place(msgspec.Struct, frozen=True):
    """An environment variable, or a file."""

    kind: Literal["env", "file"]
    name: str

    def __str__(self) -> str:
        return f"{'variable' if self.kind == 'env' else 'file'} {self.name}"


def text_at(place: Place, read: Read, environ: Mapping[str, str]) -> str:
    """All that stands there. Raises CredentialError: what is wrong with the place, and nothing of what it holds."""
    text = environ.get(place.name, "") if place.kind == "env" else _file(place.name, read)
    if not text.strip():  # CI systems set a variable to nothing where a secret is not available
        raise CredentialError("is empty, or not there")
    return text


def secret_at(place: Place, read: Read, environ: Mapping[str, str]) -> Secret:
    """The secret there: the variable, or the file's first line. Raises CredentialError, as text_at does."""
    text = text_at(place, read, environ)
    line = text if place.kind == "env" else text.split("\n", 1)[0].rstrip("\r")
    if not line:
        raise CredentialError("is empty, or not there")
    if not line.isprintable():
        raise CredentialError("holds a control character; look for a stray line end or tab")
    return Secret(line)


def _file(name: str, read: Read) -> str:
    try:
        return read(name).removeprefix("\ufeff")
    except OSError as error:
        raise CredentialError(f"cannot be read ({error.strerror or type(error).__name__})") from None
    except ValueError:
        raise CredentialError("is not UTF-8 text") from None
