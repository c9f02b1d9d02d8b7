"""Is the list of ICE servers that stands in a page one that a browser takes? Each server in it is checked as well."""

import msgspec

from natprobe.catalogue import load
from natprobe.credential import examine
from natprobe.events import Raised
from natprobe.iceservers import IceServer, IceServersError, read
from natprobe.model import Status
from natprobe.probe import Context, Followed, Judgement, Lead, Probe


class Server(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One URI of the list."""

    uri: str
    user: str | None = None
    time_limited: bool = False
    """Whether the user name tells when the credential ends (TURN REST)."""
    followed: Followed


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the list says, and what is wrong with how it says it."""

    name: str
    public: bool = False
    servers: tuple[Server, ...] = ()
    unusable: tuple[tuple[str, str], ...] = ()
    """Texts in the place of a URI, each with the reason."""
    raised: tuple[Raised, ...] = ()
    broken: tuple[str, str] | None = None
    """Why there is no list at all: the finding, and a clause."""


async def observe(ctx: Context) -> Evidence:
    """Reads the list as a browser would, and has each server checked with the credential of its entry."""
    written, name = ctx.settings.written, str(ctx.target)
    if written is None:
        raise LookupError("no list was given")
    try:
        listed = read(written.text.reveal(), name, ctx.settings.now_s)
    except IceServersError as error:
        return Evidence(name=name, broken=(error.finding, error.detail))
    return Evidence(
        name=name,
        public=written.public,
        servers=tuple(_server(ctx, each) for each in listed.servers),
        unusable=listed.unusable,
        raised=listed.raised,
    )


def _server(ctx: Context, each: IceServer) -> Server:
    known = examine(each.credential, ctx.settings.now_s) if each.credential else None
    return Server(
        uri=str(each.target),
        user=each.credential.username if each.credential else None,
        time_limited=known is not None and known.looks_like_rest,
        followed=ctx.follow(Lead(each.target, each.credential)),
    )


def judge(evidence: Evidence) -> Judgement:
    """The gravest remark decides."""
    if evidence.broken is not None:
        finding, detail = evidence.broken
        told = Raised(id=finding, facts={"uri": evidence.name, "detail": detail})
        return Judgement(status=Status.FAIL, summary=detail, raised=(told,))
    raised = (*evidence.raised, *_public(evidence))
    severities = {load().entry(each.id).severity for each in raised}
    status = Status.FAIL if "error" in severities else Status.WARN if "warning" in severities else Status.PASS
    count = len(evidence.servers) + len(evidence.unusable)
    remarks = ", ".join(each.id for each in raised)
    uris = f"{count} URI{'' if count == 1 else 's'}"
    summary = f"{uris}: {remarks}" if remarks else f"{uris}, as browsers take them"
    return Judgement(status=status, summary=summary, raised=raised)


def _public(evidence: Evidence) -> tuple[Raised, ...]:
    """A user that never ends, and that every visitor can read."""
    users = dict.fromkeys(each.user for each in evidence.servers if each.user and not each.time_limited)
    if not evidence.public or not users:
        return ()
    facts = {"user": ", ".join(filter(None, users)), "uri": evidence.name}
    return (Raised(id="turn-auth-weak-or-public-credentials", facts=facts),)


PROBE = Probe(
    id="iceservers.shape",
    title="ICE servers as browsers take them",
    schemes=frozenset({"iceservers"}),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=2.0,
    scope="target",
)
