"""Which key do two sides derive from a user name and a password? (RFC 8489 section 9)"""

import hashlib
import stringprep
import unicodedata
from collections.abc import Callable
from typing import Final

from natprobe.wire.registry import PasswordAlgorithm


class IntegrityKey(bytes):
    """Key bytes that show nowhere: neither their repr nor their text says what they are."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "IntegrityKey(hidden)"

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        return format(repr(self), format_spec)


_DIGESTS: Final = {PasswordAlgorithm.MD5: hashlib.md5, PasswordAlgorithm.SHA_256: hashlib.sha256}

# RFC 8264 section 4.3: what the FreeformClass disallows, by Unicode general category.
_FORBIDDEN_CATEGORIES: Final = {
    "Cc": "a control character",
    "Cf": "an invisible format character",
    "Cn": "an unassigned character",
    "Co": "a private-use character",
    "Cs": "half a surrogate pair",
    "Zl": "a line separator",
    "Zp": "a paragraph separator",
}


def opaque_string(text: str) -> str:
    """`text` as the OpaqueString profile prepares it: spaces become U+0020, then NFC (RFC 8265 section 4.2.2).

    Characters that the profile forbids are kept, since most servers take them; see `opaque_string_problem`.
    """
    if text.isascii():
        return text
    mapped = "".join(" " if unicodedata.category(char) == "Zs" else char for char in text)
    return unicodedata.normalize("NFC", mapped)


def saslprep(text: str) -> str:
    """`text` as servers of RFC 5389 prepare it: characters vanish or become spaces, then NFKC (RFC 4013 section 2).

    The two profiles agree on plain text and differ on look-alikes ("Ⅸ" becomes "IX" here). Nothing is refused.
    """
    kept = (char for char in text if not stringprep.in_table_b1(char))
    mapped = "".join(" " if stringprep.in_table_c12(char) else char for char in kept)
    return unicodedata.normalize("NFKC", mapped)


Preparation = Callable[[str], str]


def long_term_key(
    username: str,
    realm: str | bytes,
    password: str,
    algorithm: PasswordAlgorithm = PasswordAlgorithm.MD5,
    prepare: Preparation = opaque_string,
) -> IntegrityKey:
    """The key of the long-term credential mechanism (RFC 8489 sections 9.2.2 and 18.5.1).

    `realm` may be the bytes of a REALM attribute, which are then used as they came.
    """
    joined = b":".join((_utf8(prepare(username)), _realm_bytes(realm), _utf8(prepare(password))))
    return IntegrityKey(_DIGESTS[algorithm](joined).digest())


def short_term_key(password: str) -> IntegrityKey:
    """The key of the short-term credential mechanism, which ICE uses (RFC 8489 section 9.1.1)."""
    return IntegrityKey(_utf8(opaque_string(password)))


def userhash(username: str, realm: str | bytes) -> bytes:
    """The value of USERHASH, which hides the user name from onlookers (RFC 8489 section 14.4)."""
    return hashlib.sha256(_utf8(opaque_string(username)) + b":" + _realm_bytes(realm)).digest()


def username_value(username: str) -> bytes:
    """The value of USERNAME, prepared as the key was (RFC 8489 section 14.3). Takes any text."""
    return _utf8(opaque_string(username))


def opaque_string_problem(text: str) -> str | None:
    """Why a strict peer would refuse `text` as a user name or password, or None. Never quotes the text."""
    if not text:
        return "it is empty"
    for position, char in enumerate(text, start=1):
        problem = _FORBIDDEN_CATEGORIES.get(unicodedata.category(char))
        if problem and char not in "\u200c\u200d":  # joiners are judged by context (RFC 5892 appendix A)
            return f"character {position} is {problem}"
    return None


def _realm_bytes(realm: str | bytes) -> bytes:
    return realm if isinstance(realm, bytes) else _utf8(opaque_string(realm))


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
