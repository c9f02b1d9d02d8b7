"""From a module's reference to the credential of one probe: looked up anew each time, so that secrets can rotate."""

from collections.abc import Callable, Mapping

from natprobe.credential import Credential, CredentialError, Secret, mint
from natprobe.credential.secret import checked_username
from natprobe.credential.sources import DEFAULT_TTL_S
from natprobe.exporter.config import Module, Reference

Read = Callable[[str], str]
"""A file's text; raises OSError."""


def credential(module: Module, *, read: Read, environ: Mapping[str, str], now_s: float) -> Credential | None:
    """What `module` authenticates with, None where it names nothing; a shared secret is minted at `now_s`.

    Raises CredentialError with one line that holds no secret.
    """
    reference = module.reference
    if reference is None:
        return None
    value = _checked(_text(reference, read, environ), reference)
    if reference.kind == "secret":
        return mint(value, module.user, DEFAULT_TTL_S, now_s)
    return Credential(checked_username(module.user or ""), value)


def _text(reference: Reference, read: Read, environ: Mapping[str, str]) -> str:
    if reference.place == "env":
        return environ.get(reference.name, "")
    try:
        return read(reference.name).removeprefix("\ufeff").split("\n", 1)[0].rstrip("\r")
    except OSError as error:
        raise CredentialError(f"{reference}: cannot be read ({error.strerror or type(error).__name__})") from None
    except ValueError:
        raise CredentialError(f"{reference}: is not UTF-8 text") from None


def _checked(text: str, reference: Reference) -> Secret:
    if not text:
        raise CredentialError(f"{reference}: is empty, or not there")
    if not text.isprintable():
        raise CredentialError(f"{reference}: holds a control character; look for a stray line end or tab")
    return Secret(text)
