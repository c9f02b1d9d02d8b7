"""Data that natprobe is delivered with: the public STUN servers to ask where the user names none; libwebrtc's roots."""

from importlib import resources
from pathlib import Path

import msgspec

from natprobe.target import Target, TargetError, parse
from natprobe.textfile import read_text

_FILE = "stun-servers.toml"
_LONGEST = 200_000


class ServersError(ValueError):
    """A list of servers cannot be read; the text is one line that says why."""


class _Servers(msgspec.Struct, forbid_unknown_fields=True):
    servers: list[str]


def stun_servers(path: str | None = None) -> tuple[Target, ...]:
    """The STUN servers of the TOML file at `path`, or of the list that natprobe brings. Raises ServersError."""
    name = path or _FILE
    try:
        text = read_text(Path(path), _LONGEST) if path else resources.files(__name__).joinpath(_FILE).read_text("utf-8")
        targets = tuple(dict.fromkeys(parse(uri) for uri in msgspec.toml.decode(text, type=_Servers).servers))
    except OSError as error:
        raise ServersError(f"{name} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ServersError(f"{name} is not UTF-8 text") from None
    except RecursionError:
        raise ServersError(f"{name}: nested too deeply: no list of servers is") from None
    except msgspec.DecodeError as error:
        raise ServersError(f'{name}: {error}; write it as servers = ["stun:stun.example.org:3478"]') from None
    except TargetError as error:
        raise ServersError(f"{name}: {error}") from None
    other = next((target for target in targets if target.scheme != "stun"), None)
    if other is not None or not targets:
        raise ServersError(f"{name}: {f'{other} is no stun: URI' if other else 'it names no server'}")
    return targets
