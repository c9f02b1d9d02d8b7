"""Is the list of ICE servers that stands in a page one that a browser takes? Each server in it is checked as well."""

import msgspec

from natprobe.events import Raised
from natprobe.iceservers import IceServersError, read
from natprobe.model import Status
from natprobe.probe import Context, Judgement, Probe
from natprobe.web.gravity import status_of
from natprobe.web.handed import HandedOut, follow_server, public_users


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the list says, and what is wrong with how it says it."""

    name: str
    public: bool = False
    servers: tuple[HandedOut, ...] = ()
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
        servers=tuple(follow_server(ctx, each) for each in listed.servers),
        unusable=listed.unusable,
        raised=listed.raised,
    )


def judge(evidence: Evidence) -> Judgement:
    """The gravest remark decides."""
    if evidence.broken is not None:
        finding, detail = evidence.broken
        told = Raised(id=finding, facts={"uri": evidence.name, "detail": detail})
        return Judgement(status=Status.FAIL, summary=detail, raised=(told,))
    raised = (*evidence.raised, *(public_users(evidence.servers, evidence.name) if evidence.public else ()))
    count = len(evidence.servers) + len(evidence.unusable)
    remarks = ", ".join(each.id for each in raised)
    uris = f"{count} URI{'' if count == 1 else 's'}"
    summary = f"{uris}: {remarks}" if remarks else f"{uris}, as browsers take them"
    return Judgement(status=status_of(raised), summary=summary, raised=raised)


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
