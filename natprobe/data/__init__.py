"""Data that natprobe is delivered with: which public STUN servers are asked where the user names none."""

from importlib import resources
from pathlib import Path

import msgspec

from natprobe.target import Target, TargetError, parse

_FILE = "stun-servers.toml"


class ServersError(ValueError):
    """A list of servers cannot be read; the text is one line that says why."""


class _Servers(msgspec.Struct, forbid_unknown_fields=True):
    servers: list[str]


def stun_servers(path: str | None = None) -> tuple[Target, ...]:
    """The STUN servers of the TOML file at `path`, or of the list that natprobe brings. Raises ServersError."""
    name = path or _FILE
    try:
        text = Path(path).read_bytes() if path else resources.files(__name__).joinpath(_FILE).read_bytes()
        targets = tuple(dict.fromkeys(parse(uri) for uri in msgspec.toml.decode(text, type=_Servers).servers))
    except OSError as error:
        raise ServersError(f"{name} cannot be read ({error.strerror})") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ServersError(f'{name}: {error}; write it as servers = ["stun:stun.example.org:3478"]') from None
    except TargetError as error:
        raise ServersError(f"{name}: {error}") from None
    other = next((target for target in targets if target.scheme != "stun"), None)
    if other is not None or not targets:
        raise ServersError(f"{name}: {f'{other} is no stun: URI' if other else 'it names no server'}")
    return targets
