"""A password that cannot be shown by accident, and the user name that goes with it."""

import hmac
from typing import NoReturn

import msgspec

LONGEST_USERNAME = 508  # bytes of UTF-8: RFC 8489 section 14.3 says fewer than 509
_HIDDEN = "•••"


class CredentialError(ValueError):
    """A credential that cannot be used or found. The message is one line and holds no secret."""


class Secret:
    """Text that shows as •••, pickles nowhere and is unknown to every encoder. Only `reveal` gives it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself, for a key derivation, or for the one command whose answer it is."""
        return self._value

    def __repr__(self) -> str:
        return _HIDDEN

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return _HIDDEN

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._bytes(), other._bytes())

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not serialised")

    def _bytes(self) -> bytes:
        return self._value.encode("utf-8", "surrogatepass")


class Credential(msgspec.Struct, frozen=True):
    """A long-term credential (RFC 8489 section 9.2). Encoding it raises TypeError, because of its password."""

    username: str
    password: Secret


def checked_username(username: str) -> str:
    """`username` itself. Raises CredentialError where STUN cannot carry it (RFC 8489 section 14.3)."""
    if not username:
        raise CredentialError("the user name is empty; give one with -u")
    if not username.isprintable():
        raise CredentialError("the user name holds a control character or broken UTF-8; look for a stray line end")
    if len(username.encode()) > LONGEST_USERNAME:
        raise CredentialError(f"the user name is longer than {LONGEST_USERNAME} bytes (RFC 8489 section 14.3)")
    return username
