"""Single TLS handshakes that each ask one thing: a version, a client without a server name, a list of protocols."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from natprobe.client.hold import Hold
from natprobe.client.line import Way
from natprobe.net.certificate import CertificateInfo
from natprobe.net.handshake import Handshake, Offer, TlsVersion
from natprobe.net.tcp import open_stream
from natprobe.net.tls import open_tls_stream, secure
from natprobe.net.trouble import Reason, Trouble

TRIAL_S = 3.0
OLDER_AFTER_S, _OLDER_S = 0.8, 1.75
"""When older versions are tried beside a handshake that is silent, and for how long; together less than that takes."""
_OLDER_ANSWER = "unsupported protocol"
"""OpenSSL's word for it."""
_REFUSALS = {Reason.TLS, Reason.CLOSED, Reason.RESET}


class Trial(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one handshake."""

    outcome: Literal["completed", "refused", "silent", "untold"]
    """silent: the server took the connection, and said nothing to the ClientHello, as coturn does where a version is
    turned off. untold: the connection did not come about, or something else happened."""
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


@dataclass(slots=True)
class _Attempt:
    """A version that is being tried."""

    version: TlsVersion
    connected_s: float | None = None
    trial: Trial | None = None

    async def make(self, hold: Hold, way: Way) -> None:
        """Connects, and offers that version alone."""
        until_s = hold.clock.now() + TRIAL_S
        stream = await open_stream(way.address, hold.clock, timeout_s=TRIAL_S)
        if isinstance(stream, Trouble):
            self.trial = _trial(stream)
            return
        self.connected_s = hold.clock.now()
        shown = await secure(
            stream,
            "tls",
            way.address,
            hold.clock,
            server_name=way.server_name,
            roots=hold.roots,
            timeout_s=max(0.0, until_s - self.connected_s),
            offer=Offer(version=self.version),
        )
        if isinstance(shown, Trouble):
            self.trial = None if shown.reason is Reason.SILENT else _trial(shown)
            return
        carrier, handshake = shown
        await carrier.close()
        self.trial = _trial(handshake)

    def told(self, hold: Hold) -> VersionTrial:
        """What became of it, by now."""
        return VersionTrial(version=self.version, trial=self.trial or self._unanswered(hold))

    def _unanswered(self, hold: Hold) -> Trial:
        if self.connected_s is None:
            return Trial(outcome="untold", detail="the connection had not come about")
        waited_s = hold.clock.now() - self.connected_s
        return Trial(outcome="silent", detail=f"it took the connection, and said nothing for {waited_s:.1f} s")


Trying = Mapping[TlsVersion, asyncio.Task[None]]
"""The versions that are being tried."""


async def _in_full(_trying: Trying) -> None:
    await asyncio.sleep(TRIAL_S)


async def try_versions(
    hold: Hold, way: Way, *versions: TlsVersion, enough: Callable[[Trying], Awaitable[None]] = _in_full
) -> tuple[VersionTrial, ...]:
    """Each version by itself, all at once; what has not answered when `enough` returns is waited for no longer."""
    attempts = [_Attempt(version) for version in versions]
    async with asyncio.TaskGroup() as group:
        trying = {each.version: group.create_task(each.make(hold, way)) for each in attempts}
        waiting = set(trying.values())
        ending = asyncio.ensure_future(enough(trying))
        try:
            while waiting and not ending.done():
                await asyncio.wait({*waiting, ending}, return_when=asyncio.FIRST_COMPLETED)
                waiting = {task for task in waiting if not task.done()}
        finally:
            ending.cancel()
        for task in waiting:
            task.cancel()
    return tuple(each.told(hold) for each in attempts)


async def try_older(hold: Hold, way: Way, doubt: asyncio.Event) -> tuple[VersionTrial, ...]:
    """TLS 1.0 and 1.1: on `doubt`, or after some silence. Run beside the question itself, as controls are."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(OLDER_AFTER_S):
            await doubt.wait()
    return await try_versions(hold, way, "TLSv1", "TLSv1.1", enough=lambda _: asyncio.sleep(_OLDER_S))


def may_be_older(trouble: Trouble) -> bool:
    """Whether a handshake with TLS 1.2 and 1.3 came to nothing in a way in which old servers let it."""
    return is_too_old(trouble) or (trouble.alert is None and trouble.fault is None)


def is_too_old(trouble: Trouble) -> bool:
    """Whether the server objects to our versions, or answers with one that is none of them (RFC 8446 section 4.2.1)."""
    return trouble.alert == "protocol_version" or trouble.fault == _OLDER_ANSWER


def taken(trials: Sequence[VersionTrial]) -> list[TlsVersion]:
    """The versions with which a handshake completed."""
    return [each.version for each in trials if each.trial.outcome == "completed"]


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
