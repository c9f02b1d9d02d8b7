"""A minted credential as people and programs read it. The one place that shows a password: it is what was asked for."""

from typing import Any

from natprobe.credential.secret import Credential
from natprobe.credential.words import duration_text, moment_text
from natprobe.target import Target


def minted_text(credential: Credential, *, ttl_s: int, now_s: float) -> str:
    """Three lines: user name, password, and when it ends."""
    return (
        f"username  {credential.username}\n"
        f"password  {credential.password.reveal()}\n"
        f"expires   {moment_text(int(now_s) + ttl_s)} (in {duration_text(ttl_s)})\n"
    )


def minted_json(credential: Credential, *, ttl_s: int, now_s: float, uris: tuple[Target, ...] = ()) -> dict[str, Any]:
    """`username`, `credential`, `ttl` in seconds, `expires`, and with URIs the `iceServers` of an RTCPeerConnection."""
    said: dict[str, Any] = {
        "username": credential.username,
        "credential": credential.password.reveal(),
        "ttl": ttl_s,
        "expires": moment_text(int(now_s) + ttl_s),
    }
    return said | {"iceServers": _ice_servers(credential, uris)} if uris else said


def _ice_servers(credential: Credential, uris: tuple[Target, ...]) -> list[dict[str, Any]]:
    """STUN servers stand by themselves, as they take no credential."""
    stun = [str(uri) for uri in uris if uri.scheme in ("stun", "stuns")]
    turn = [str(uri) for uri in uris if uri.scheme in ("turn", "turns")]
    servers: list[dict[str, Any]] = [{"urls": stun}] if stun else []
    if turn:
        servers.append({"urls": turn, "username": credential.username, "credential": credential.password.reveal()})
    return servers
