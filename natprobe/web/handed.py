"""What a list of ICE servers hands out; each server is checked as a target, with the credential that came with it."""

from dataclasses import dataclass

import msgspec

from natprobe.credential import examine
from natprobe.events import Raised
from natprobe.iceservers import IceServer
from natprobe.probe import Context, Followed, Lead


class HandedOut(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One URI of the list."""

    uri: str
    user: str | None = None
    time_limited: bool = False
    """Whether the user name tells when the credential ends (TURN REST)."""
    followed: Followed | None = None
    """None where the list alone is looked at."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A list that an endpoint has just handed out, for whoever looks at its credentials."""

    servers: tuple[IceServer, ...]
    date_s: float | None
    """UNIX time by the endpoint's own clock (Date, RFC 9110 section 6.6.1); None where it says none."""


def follow_server(ctx: Context, each: IceServer) -> HandedOut:
    """Has it checked beside the target that named it."""
    return described(each, ctx.settings.now_s, ctx.follow(Lead(each.target, each.credential)))


def described(each: IceServer, now_s: float, followed: Followed | None = None) -> HandedOut:
    """One URI of a list at the UNIX time `now_s`, and what became of it."""
    known = examine(each.credential, now_s) if each.credential else None
    return HandedOut(
        uri=str(each.target),
        user=each.credential.username if each.credential else None,
        time_limited=known is not None and known.looks_like_rest,
        followed=followed,
    )


def public_users(servers: tuple[HandedOut, ...], uri: str) -> tuple[Raised, ...]:
    """The finding about users that never end, in a list that `uri` shows to anybody."""
    users = dict.fromkeys(each.user for each in servers if each.user and not each.time_limited)
    if not users:
        return ()
    facts = {"user": ", ".join(filter(None, users)), "uri": uri}
    return (Raised(id="turn-auth-weak-or-public-credentials", facts=facts),)
