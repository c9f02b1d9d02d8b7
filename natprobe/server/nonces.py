"""Is this nonce ours, and still fresh? Nonces that need no memory: a time and a code over it (RFC 8489 section 9.2)."""

import base64
import hmac
from typing import Final

from natprobe.server.effects import FiveTuple

_COOKIE: Final = b"obMatJos2"  # RFC 8489 section 9.2: a nonce that announces security features starts with it
_COOKIE_LENGTH: Final = len(_COOKIE) + 4
_TIME_DIGITS, _CODE_DIGITS = 8, 24


def feature_cookie(*, password_algorithms: bool, username_anonymity: bool) -> bytes:
    """The start of a nonce that announces these features (RFC 8489 sections 9.2 and 18.1)."""
    first = password_algorithms << 7 | username_anonymity << 6
    return _COOKIE + base64.b64encode(bytes((first, 0, 0)))


class Nonces:
    """Issues nonces and knows them again. Each is good for one 5-tuple, as coturn's are, and for `lifetime_s`."""

    def __init__(self, key: bytes, lifetime_s: float, cookie: bytes = b"") -> None:
        self._key = key
        self._lifetime_s = lifetime_s
        self._cookie = cookie

    def issue(self, five_tuple: FiveTuple, now: float) -> bytes:
        """A nonce for this 5-tuple."""
        issued = b"%08x" % (int(now) & 0xFFFFFFFF)
        return self._cookie + issued + self._code(issued, five_tuple)

    def valid(self, nonce: bytes, five_tuple: FiveTuple, now: float) -> bool:
        """Whether it was issued here, for this 5-tuple, and has not become stale.

        A cookie is not looked at: the features are what the server is set up with, whatever the nonce says.
        """
        body = nonce[_COOKIE_LENGTH:] if nonce.startswith(_COOKIE) else nonce
        issued, code = body[:_TIME_DIGITS], body[_TIME_DIGITS:]
        if not hmac.compare_digest(code, self._code(issued, five_tuple)):
            return False
        return 0 <= int(now) - int(issued, 16) <= self._lifetime_s

    def _code(self, issued: bytes, five_tuple: FiveTuple) -> bytes:
        said = f"{five_tuple.transport} {five_tuple.client} {five_tuple.server} ".encode() + issued
        return hmac.digest(self._key, said, "sha256").hex()[:_CODE_DIGITS].encode()
