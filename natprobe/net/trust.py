"""Whom does a library that speaks TLS by itself trust? The same as natprobe does."""

import ssl

Trust = ssl.SSLContext


def objection(ca_file: str) -> str | None:
    """Why `ca_file` cannot be trusted, in a clause; None where it holds authorities."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(ca_file)
    except ssl.SSLError:
        return "holds no certificate in PEM form"
    except OSError as error:
        return f"cannot be read ({error.strerror}); name a PEM file"
    return None


def trust(ca_file: str | None, *, insecure: bool) -> Trust:
    """A context for `ssl`; `ca_file` in place of the system's authorities. Raises ssl.SSLError, OSError."""
    context = ssl.create_default_context(cafile=ca_file)
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
