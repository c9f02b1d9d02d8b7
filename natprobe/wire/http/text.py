"""What of HTTP may be printed: no control characters, no secrets, and not too much of it."""

import re

LONGEST_VALUE = 512
HIDDEN = "•••"
_SECRET_FIELDS = frozenset({
    *("authorization", "proxy-authorization", "cookie", "set-cookie", "set-cookie2", "x-api-key", "x-auth-token"),
    *("www-authenticate", "proxy-authenticate", "authentication-info", "x-amz-security-token", "x-csrf-token"),
})  # fmt: skip
_PLAIN_KEYS = frozenset({"eio", "transport", "v", "version", "b64"})
"""Parameters whose values are protocol, and no secret."""
_QUERY = re.compile(r"\?([^#\s\"'<>]*)")
_USERINFO = re.compile(r"//[^/?#@\s]*@")


def printed(data: bytes, limit: int = LONGEST_VALUE) -> str:
    """Bytes as one line of at most `limit` characters: UTF-8 where they are that, a dot for what is not printable."""
    text = data[: 4 * limit].decode("utf-8", "replace")
    clean = "".join(char if char.isprintable() else "·" for char in text[: limit + 1])
    return clean if len(clean) <= limit else f"{clean[:limit]}…"


def without_secrets(text: str) -> str:
    """`text`, a URL or a text that holds some, with the values of its queries and its user names hidden."""
    return _QUERY.sub(lambda found: f"?{_shown_query(found[1])}", _USERINFO.sub(f"//{HIDDEN}@", text))


def shown_value(name: str, value: bytes) -> str:
    """The value of the field `name` as it may be shown."""
    if name.lower() in _SECRET_FIELDS:
        return HIDDEN
    return without_secrets(printed(value))


def _shown_query(query: str) -> str:
    return "&".join(_shown_parameter(piece) for piece in query.split("&"))


def _shown_parameter(piece: str) -> str:
    key, equals, value = piece.partition("=")
    if equals and (key.lower() in _PLAIN_KEYS or not value):
        return piece
    # A parameter without a name can be a key as a whole.
    return f"{key}={HIDDEN}" if equals else (HIDDEN if piece else "")
