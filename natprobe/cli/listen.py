"""Where a server of ours listens, as `--listen` says it."""

import re

from natprobe.address import Address, is_literal
from natprobe.cli.parser import UsageError

_LISTEN = re.compile(r"(?:\[(?P<six>[^\[\]]*)\]|(?P<four>[^:\[\]]*)):(?P<port>[0-9]{1,5})")


def listen_address(text: str, example: str) -> Address:
    """The address in `text`. Raises UsageError, which shows `example`."""
    match = _LISTEN.fullmatch(text)
    host = (match["six"] or match["four"]) if match else ""
    port = int(match["port"]) if match else -1
    if not is_literal(host) or not 0 <= port <= 65535 or (":" in host) is not text.startswith("["):
        raise UsageError(f"--listen: {text!r} is no address; write it as {example} or [::1]:9798")
    return Address(host, port)
