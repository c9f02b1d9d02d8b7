"""What may stand behind each key of the exporter's configuration: tables of keys."""

import ipaddress
from collections.abc import Mapping
from typing import Any

from natprobe.address import is_literal
from natprobe.exporter.config import Network
from natprobe.target import TargetError
from natprobe.target.host import canonical
from natprobe.tomlfile.readers import (
    FAMILIES,
    FLAG,
    NAMESERVERS,
    PORT_RANGE,
    TEXT,
    Reader,
    Unfit,
    list_of,
    number,
    one_of,
    target,
    whole,
)


def host(value: Any) -> str | Network:
    """`turn.example.org`, `*.example.org` (as `.example.org`), an IP literal or a network such as 192.0.2.0/24."""
    given = TEXT(value)
    try:
        if "/" in given or is_literal(given):
            return ipaddress.ip_network(given)
        suffix = given.removeprefix("*.")
        name = canonical(suffix, "it")
    except (ValueError, TargetError):
        raise Unfit("give a name, *.example.org, an IP address, or a network such as 192.0.2.0/24") from None
    return name if suffix == given else f".{name}"


def no_secret(value: Any) -> None:  # noqa: ARG001  whatever it is, it is not looked at
    """A secret in the file itself is always a mistake."""
    raise Unfit("a secret does not stand in this file; name where it is kept with …_file or …_env")


LIMITS: Mapping[str, Reader] = {"probes_at_once": whole(1, 256), "probes_per_minute": whole(1, 60_000)}


def of_allowance(schemes: frozenset[str]) -> Mapping[str, Reader]:
    """The keys of `[[modules.NAME.allow]]`."""
    return {
        "schemes": list_of(one_of(schemes), "schemes"),
        "hosts": list_of(host, "hosts"),
        "ports": list_of(whole(1, 65535), "ports"),
    }


def of_module(schemes: frozenset[str], shortest_s: float) -> Mapping[str, Reader]:
    """The keys of `[modules.NAME]`, but for `allow`."""
    return {
        "targets": list_of(target(schemes), "target URIs"),
        "deployment": TEXT,
        "timeout_s": number(shortest_s, 600),
        "user": TEXT,
        "password": no_secret,
        "secret": no_secret,
        "password_file": TEXT,
        "password_env": TEXT,
        "secret_file": TEXT,
        "secret_env": TEXT,
        "families": FAMILIES,
        "insecure": FLAG,
        "ca_file": TEXT,
        "resolvers": NAMESERVERS,
        "relay_ports": PORT_RANGE,
        "strict": FLAG,
    }
