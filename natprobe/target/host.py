"""Is this a host? RFC 3986 literals, RFC 1123 names, and internationalised names as A-labels."""

import ipaddress
import re

from natprobe.target.errors import TargetError, shown

LONGEST_NAME = 253  # RFC 1035 section 2.3.4: 255 octets on the wire
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")  # RFC 1123 section 2.1, and "_" as the DNS allows it
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
_PLACEHOLDER = re.compile(r"\$\{?\w+\}?|<[^<>]*>|\{+[^{}]*\}+|%\w+%")


def canonical(host: str, where: str) -> str:
    """The canonical form of a host without port: a lower-case name or an IP literal without brackets.

    Raises TargetError; `where` is the piece of the target that messages may show.
    """
    refuse_placeholder(host, where)
    if not host:
        raise TargetError(f"{where} has no host; write one after the scheme, such as turn:turn.example.org")
    return _ipv6(host, where) if host.startswith("[") else _name_or_ipv4(host, where)


def refuse_placeholder(text: str, where: str) -> None:
    """Raise TargetError where a template was pasted without its values."""
    found = _PLACEHOLDER.search(text)
    if found:
        raise TargetError(
            f"{where} still holds the placeholder {shown(found[0])}; put the real host name or address there"
        )


def _ipv6(host: str, where: str) -> str:
    inner = host.strip("[]")
    if "%" in inner:
        raise TargetError(
            f"{where}: an IPv6 literal in a URI has no zone here; leave out %{shown(inner.split('%')[1])}"
        )
    try:
        return str(ipaddress.IPv6Address(inner))
    except ValueError:
        raise TargetError(
            f"{where}: [{shown(inner)}] is not an IPv6 address; write one such as [2001:db8::1]"
        ) from None


def _name_or_ipv4(host: str, where: str) -> str:
    name = _a_labels(host, where).lower()
    labels = name.removesuffix(".").split(".")
    if len(name.removesuffix(".")) > LONGEST_NAME:
        raise TargetError(f"{where}: the host name is longer than {LONGEST_NAME} characters (RFC 1035)")
    for label in labels:
        _check_label(label, where)
    return _ipv4(name, where) if _NUMBER.fullmatch(labels[-1]) else name


def _a_labels(host: str, where: str) -> str:
    if host.isascii():
        return host
    if len(host) > LONGEST_NAME:
        raise TargetError(f"{where}: the host name is longer than {LONGEST_NAME} characters (RFC 1035)")
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        raise TargetError(
            f"{where}: {shown(host)} is not an internationalised host name; write its xn-- form"
        ) from None


def _check_label(label: str, where: str) -> None:
    if not label:
        raise TargetError(f"{where}: the host name has an empty label; look for a dot too many")
    if len(label) > 63:
        raise TargetError(f"{where}: the label {shown(label[:20])}… is longer than 63 characters (RFC 1035)")
    if not _LABEL.fullmatch(label):
        raise TargetError(
            f"{where}: {shown(label)} is not a host label; letters, digits and inner hyphens only (RFC 1123)"
        )


def _ipv4(name: str, where: str) -> str:
    # A name whose last label is a number is meant as an address: no top-level domain is one (RFC 3696 section 2).
    # Only four plain octets pass: the C library reads 10.1, 0x7f000001 and 010.0.0.1 as other addresses than people do.
    try:
        return str(ipaddress.IPv4Address(name))
    except ValueError:
        raise TargetError(
            f"{where}: {shown(name)} is not an IPv4 address; write four numbers from 0 to 255 without leading zeros"
        ) from None
