"""Which parameters of a web address are secret? Those whose names say so; they are taken out of what is shown."""

import re
from urllib.parse import unquote

import msgspec

from natprobe.target.value import Target

_SECRET = re.compile(
    r"(?:.*[_.-])?(?:key|token|secret|password|passwd|pass|pwd|sig|signature|auth|credential|jwt|session)(?:[_.-].*)?"
    r"|(?:api|access|auth)(?:key|token|secret)",
    re.IGNORECASE,
)


def without_secrets(target: Target) -> tuple[Target, tuple[tuple[str, str], ...]]:
    """`target` without the parameters that are secret by their names, and these with their values, decoded.

    One without a value stays: it tells nothing.
    """
    pieces = [piece.partition("=") for piece in (target.query or "").split("&") if piece]
    hidden = [piece for piece in pieces if piece[2] and _SECRET.fullmatch(unquote(piece[0]))]
    if not hidden:
        return target, ()
    kept = "&".join("".join(piece) for piece in pieces if piece not in hidden)
    told = tuple((unquote(name), unquote(value)) for name, _, value in hidden)
    return msgspec.structs.replace(target, query=kept or None), told
