"""What did the user mean? The suggestions of messages about targets."""

import difflib
import ipaddress
import re

from natprobe.target.errors import TargetError, shown
from natprobe.target.ports import looks_like_ports
from natprobe.target.schemes import SCHEMES
from natprobe.target.value import Target

_USERINFO = (
    "a user name or password stands before the @; leave it out and give it with -u and NATPROBE_PASSWORD or --secret"
)
_TRANSPORT_HINTS = {
    "tls": "TLS is the turns scheme; write turns:{authority}?transport=tcp",
    "dtls": "DTLS is the turns scheme; write turns:{authority}?transport=udp",
    "ssl": "TLS is the turns scheme; write turns:{authority}?transport=tcp",
    "": "write transport=udp or transport=tcp",
}


def for_scheme(text: str) -> str:
    """The message for a text that does not begin with a scheme of ours."""
    if "@" in text:
        return f"the target has no known scheme, and {_USERINFO}"
    head, colon, tail = text.partition(":")
    if not colon or not re.fullmatch(r"[A-Za-z][A-Za-z0-9+-]*", head) or re.match(r"\d+(?:$|[-,/?])|:", tail):
        return _no_scheme(text)
    near = difflib.get_close_matches(head.lower(), SCHEMES, n=1, cutoff=0.6)
    named = (name for name, scheme in SCHEMES.items() if scheme.transports)
    advice = f"did you mean {near[0]}:?" if near else f"known are {', '.join(named)}"
    return f"unknown scheme {shown(head)}:; {advice}"


def _no_scheme(text: str) -> str:
    bare = re.split(r"[?#]", text.removeprefix("//"), maxsplit=1)[0]
    if bare.startswith(("/", ".")):
        return f"{shown(bare)} has no scheme; write a URI such as turn:turn.example.org:3478"
    if "/" in bare:
        return f"{shown(bare)} has no scheme; did you mean https://{shown(bare)}?"
    meant = shown(f"[{bare}]" if _is_ipv6(bare) else bare)
    return f"{shown(bare)} has no scheme; did you mean turn:{meant} or stun:{meant}?"


def refuse_userinfo(scheme: str, rest: str) -> None:
    """Raise TargetError where credentials were put into a URI that cannot hold them (RFC 7065 section 3.1)."""
    if "@" in rest:
        raise TargetError(f"{scheme}:…@…: {_USERINFO}")


def refuse_web_userinfo(scheme: str, authority: str, tail: str) -> None:
    """Raise TargetError for credentials in a web address, also where the password's own / or ? hides the @."""
    port = authority.rpartition(":")[2]
    hidden = "@" in tail and not authority.endswith("]") and ":" in authority and not looks_like_ports(port)
    if "@" in authority or hidden:
        raise TargetError(f"{scheme}://…@…: {_USERINFO}")


def refuse_slashes(scheme: str, opaque: str, rfc: str = "") -> None:
    """Raise TargetError for `turn://host` and `turn:host/path`: these URIs are not hierarchical."""
    if "/" not in opaque:
        return
    bare = next((piece for piece in opaque.split("/") if piece), "host")
    ground = f" ({rfc} section 3.1)" if rfc else ""
    raise TargetError(
        shown(f"{scheme}:{opaque}") + f": a {scheme} target has no slashes{ground}; write {shown(f'{scheme}:{bare}')}"
    )


def for_transport(target: Target, value: str) -> str:
    """The message for `?transport=` with a value that RFC 7065 does not know."""
    hint = _TRANSPORT_HINTS.get(value.lower(), "write transport=udp or transport=tcp").format(
        authority=target.authority
    )
    return f"{target}?transport={shown(value)}: no such transport; {hint}"


def for_many_colons(scheme: str, text: str, where: str) -> str:
    """The message for a host with several colons and no brackets: an IPv6 literal, or a port too many."""
    slashes = "//" if SCHEMES[scheme].form == "web" else ""
    head, _, last = text.rpartition(":")
    meant = [f"{scheme}:{slashes}[{text}]"] if _is_ipv6(text) else []
    if _is_ipv6(head) and looks_like_ports(last):
        meant.append(f"{scheme}:{slashes}[{head}]:{last}")
    if not meant:
        return f"{where}: more than one colon; write host:port, or an IPv6 literal as [2001:db8::1]:3478"
    return f"{where}: an IPv6 literal stands in brackets; write {' or '.join(meant)}"


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return "%" not in text
