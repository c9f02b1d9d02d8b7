"""What do the text attributes say, in a form that is safe to show? (RFC 8489 sections 14.3, 14.9, 14.10 and 14.14)"""

import base64
import binascii
import unicodedata
from typing import Final

import msgspec

_UNSHOWABLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_NONCE_COOKIE: Final = b"obMatJos2"  # RFC 8489 section 9.2


class SecurityFeatures(msgspec.Struct, frozen=True, kw_only=True):
    """What a nonce cookie offers (RFC 8489 sections 9.2 and 18.1)."""

    password_algorithms: bool
    username_anonymity: bool


def encode_text(text: str) -> bytes:
    """The value of a text attribute."""
    return text.encode("utf-8", "surrogatepass")


def decode_text(value: bytes) -> str:
    """The text without NULs, control and invisible format characters; bytes that are no UTF-8 show as `\\xff`.

    Made for people, so that a server cannot write to a terminal or break a report. Where exact bytes matter (a key
    from a REALM, a NONCE to send back) take `Message.value`.
    """
    text = value.decode("utf-8", "backslashreplace")
    if text.isascii() and text.isprintable():
        return text
    return "".join(char for char in text if unicodedata.category(char) not in _UNSHOWABLE)


def decode_nonce_cookie(nonce: bytes) -> SecurityFeatures | None:
    """The security features that a nonce announces, or None where it has no cookie (RFC 8489 section 9.2)."""
    if not nonce.startswith(_NONCE_COOKIE):
        return None
    try:
        bits = base64.b64decode(nonce[len(_NONCE_COOKIE) :][:4], validate=True)
    except binascii.Error:
        return None
    if len(bits) != 3:
        return None
    return SecurityFeatures(password_algorithms=bool(bits[0] & 0x80), username_anonymity=bool(bits[0] & 0x40))
