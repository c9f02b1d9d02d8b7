"""From a module's reference to the credential of one probe: looked up anew each time, so that secrets can rotate."""

from collections.abc import Callable, Mapping

from natprobe.credential import Credential, CredentialError, Place, mint, secret_at
from natprobe.credential.secret import checked_username
from natprobe.credential.sources import DEFAULT_TTL_S
from natprobe.exporter.config import Module

Read = Callable[[str], str]
"""A file's text; raises OSError."""


def credential(module: Module, *, read: Read, environ: Mapping[str, str], now_s: float) -> Credential | None:
    """What `module` authenticates with, None where it names nothing; a shared secret is minted at `now_s`.

    Raises CredentialError with one line that holds no secret.
    """
    reference = module.reference
    if reference is None:
        return None
    try:
        value = secret_at(Place(reference.place, reference.name), read, environ)
    except CredentialError as error:
        raise CredentialError(f"{reference}: {error}") from None
    if reference.kind == "secret":
        return mint(value, module.user, DEFAULT_TTL_S, now_s)
    return Credential(checked_username(module.user or ""), value)
