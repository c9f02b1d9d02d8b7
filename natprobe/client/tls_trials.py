"""Single TLS handshakes that each ask one thing: a version, a client without a server name, a list of protocols."""

import asyncio
from collections.abc import Sequence
from typing import Literal

import msgspec

from natprobe.client.hold import Hold
from natprobe.client.line import Way
from natprobe.net.certificate import CertificateInfo
from natprobe.net.handshake import Handshake, Offer, TlsVersion
from natprobe.net.tls import open_tls_stream
from natprobe.net.trouble import Reason, Trouble

TRIAL_S = 3.0
_REFUSALS = {Reason.TLS, Reason.CLOSED, Reason.RESET}


class Trial(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one handshake."""

    outcome: Literal["completed", "refused", "untold"]
    """untold: it was not answered, or the connection did not come about."""
    detail: str = ""
    """Why it did not complete."""
    alert: str | None = None


class VersionTrial(msgspec.Struct, frozen=True, kw_only=True):
    """A handshake that offered one version alone."""

    version: TlsVersion
    trial: Trial


class NamelessTrial(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A handshake that named no server, as old clients and those that dial an address make it."""

    trial: Trial
    certificate: CertificateInfo | None = None
    """What the server shows whoever names nothing."""
    matches: bool | None = None
    """Whether that is for the name that was dialled."""


class ProtocolTrial(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A handshake that offered application protocols (ALPN, RFC 7301)."""

    trial: Trial
    offered: tuple[str, ...]
    picked: str | None = None
    """None where the server knows nothing of ALPN."""


async def shake(hold: Hold, way: Way, offer: Offer) -> Handshake | Trouble:
    """One handshake on a connection of its own, closed at once."""
    opened = await open_tls_stream(
        way.address, hold.clock, server_name=way.server_name, roots=hold.roots, timeout_s=TRIAL_S, offer=offer
    )
    if isinstance(opened, Trouble):
        return opened
    carrier, handshake = opened
    await carrier.close()
    return handshake


async def try_versions(hold: Hold, way: Way, *versions: TlsVersion) -> tuple[VersionTrial, ...]:
    """Each version by itself, all at once."""
    shown = await asyncio.gather(*(shake(hold, way, Offer(version=version)) for version in versions))
    return tuple(
        VersionTrial(version=version, trial=_trial(each)) for version, each in zip(versions, shown, strict=True)
    )


async def try_nameless(hold: Hold, way: Way) -> NamelessTrial:
    """Without a server name."""
    shown = await shake(hold, way, Offer(server_name=False))
    if isinstance(shown, Trouble) or not shown.chain:
        return NamelessTrial(trial=_trial(shown))
    return NamelessTrial(trial=_trial(shown), certificate=shown.chain[0], matches=shown.name_matches)


async def try_protocols(hold: Hold, way: Way, *offered: str) -> ProtocolTrial:
    """With ALPN."""
    shown = await shake(hold, way, Offer(alpn=offered))
    picked = shown.alpn if isinstance(shown, Handshake) else None
    return ProtocolTrial(trial=_trial(shown), offered=offered, picked=picked)


def listed(versions: Sequence[str]) -> str:
    """As people write them: TLS 1.0, TLS 1.3."""
    return ", ".join("TLS 1.0" if version == "TLSv1" else version.replace("v", " ") for version in versions)


def _trial(shown: Handshake | Trouble) -> Trial:
    if isinstance(shown, Handshake):
        return Trial(outcome="completed")
    if shown.client_certificate:  # the server spoke as it was asked to, and then wanted to know who we are
        return Trial(outcome="completed", detail=shown.detail, alert=shown.alert)
    refused = shown.reason in _REFUSALS
    return Trial(outcome="refused" if refused else "untold", detail=shown.detail, alert=shown.alert)
