"""Whom does a library that speaks TLS by itself trust? The same as natprobe does."""

import ssl

Trust = ssl.SSLContext


def trust(ca_file: str | None, *, insecure: bool) -> Trust:
    """A context for `ssl`; `ca_file` in place of the system's authorities. Raises ssl.SSLError, OSError."""
    context = ssl.create_default_context(cafile=ca_file)
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
