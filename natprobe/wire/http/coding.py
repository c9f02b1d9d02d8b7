"""The body without its content coding (RFC 9110 section 8.4), bounded: a small gzip can hold gigabytes."""

import zlib

import msgspec

BOMB_RATIO = 100
"""Real pages and JSON seldom shrink to less than a fiftieth."""
_WBITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class Unpacked(msgspec.Struct, frozen=True):
    """A body as it was meant, as far as it was taken, and why that is not all of it."""

    body: bytes
    cut: str | None = None
    bomb: bool = False
    """Whether a few bytes stand for very many."""


def unpack(coding: str, packed: bytes, limit: int) -> Unpacked:
    """`packed` without `coding`, the value of Content-Encoding; at most `limit` bytes of it. Never raises."""
    name = coding.strip().lower()
    if name in {"", "identity"}:
        return Unpacked(packed)
    if name not in _WBITS:
        return Unpacked(b"", "it is encoded in a way that was not asked for")
    try:
        return _inflated(zlib.decompressobj(_WBITS[name]), packed, limit)
    except zlib.error:
        if name == "deflate":
            return _raw_deflate(packed, limit)
        return Unpacked(b"", "its gzip coding is broken")


def _raw_deflate(packed: bytes, limit: int) -> Unpacked:
    """Servers call two forms deflate, and browsers take both."""
    try:
        return _inflated(zlib.decompressobj(-15), packed, limit)
    except zlib.error:
        return Unpacked(b"", "its deflate coding is broken")


def _inflated(inflater: "zlib._Decompress", packed: bytes, limit: int) -> Unpacked:
    body = inflater.decompress(packed, limit + 1)
    if len(body) <= limit:
        return Unpacked(body, None if inflater.eof else "its coding breaks off")
    taken = len(packed) - len(inflater.unconsumed_tail)
    if taken * BOMB_RATIO < len(body):
        return Unpacked(body[:limit], f"{taken} bytes unpack to more than {limit}: a decompression bomb", bomb=True)
    return Unpacked(body[:limit], f"it is longer than {limit} bytes")
