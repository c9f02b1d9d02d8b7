"""Will the browser let its page use this target at all: by the page's scheme, and by whose network the address is in?

It refuses before it sends anything, so nothing is asked of the target here.
"""

from collections.abc import Iterator

import msgspec

from natprobe.address import Address, AddressKind, kind_of
from natprobe.events import Raised
from natprobe.model import Status
from natprobe.net.resolve import resolve
from natprobe.probe import Context, Judgement, Probe, Settings
from natprobe.target import SCHEMES, Target, parse
from natprobe.web.pages import is_inward, is_mixed, page_of

_RESOLVE_S = 3.0
_PERMISSION = "chrome-local-network-access"
_MIXED = {"iceconfig+http": "iceconfig-mixed-content", "srs+http": "srs-http-api-from-https"}


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The page that the user names, and where it stands."""

    server: Address
    uri: str
    page: str | None = None
    """None where what the user names is no web address."""
    page_kinds: tuple[AddressKind, ...] = ()
    """Who can reach the page's addresses; empty where they are not known."""


async def observe(ctx: Context) -> Evidence:
    """Resolves the page's host."""
    page = page_of(ctx.settings.expect.page)
    evidence = Evidence(server=ctx.cell.address, uri=str(ctx.cell.target))
    if page is None:
        return evidence
    found = await resolve(
        page.host, clock=ctx.clock, deadline_s=_RESOLVE_S, nameservers=ctx.settings.nameservers or None
    )
    kinds = tuple(dict.fromkeys(kind_of(host) for host in found.addresses))
    return msgspec.structs.replace(evidence, page=str(page), page_kinds=kinds)


def judge(evidence: Evidence) -> Judgement:
    """Mixed content is refused for good; the local network, in newer versions of Chrome, until the user permits it.

    An address of somebody's own network that stands in a public page is a mistake in any browser.
    """
    page = page_of(evidence.page)
    if page is None:
        return Judgement(status=Status.SKIP, summary="not tested: the page that is named is no web address")
    target, server = parse(evidence.uri), evidence.server
    if target.scheme in {"http", "https"} and target.host == page.host:
        return Judgement(status=Status.PASS, summary="the page's own host, which its users open themselves")
    told = dict(_objections(evidence, page, target))
    if not told:
        return Judgement(status=Status.PASS, summary=f"browsers let {page} use it")
    facts = {"uri": evidence.uri, "name": str(page), "host": target.host, "kind": server.kind}
    status = Status.WARN if set(told) == {_PERMISSION} else Status.FAIL
    raised = tuple(Raised(id=finding, facts=facts) for finding in told)
    return Judgement(status=status, summary="; ".join(told.values()), raised=raised)


def _objections(evidence: Evidence, page: Target, target: Target) -> Iterator[tuple[str, str]]:
    mixed, inward = is_mixed(page, target), is_inward(evidence.page_kinds, evidence.server.kind)
    address = f"{evidence.server.host}, a {evidence.server.kind} address"
    if mixed:
        finding = _MIXED.get(target.scheme, "sig-mixed-content")
        yield finding, f"{page} is secure and this is not: browsers block it"
    if inward and target.is_literal and evidence.server.kind != "loopback":
        yield "uri-private-host", f"a public page names {address}"
    if inward and not mixed:
        yield _PERMISSION, f"a public page asks for {address}: Chrome wants the user's permission"


def _page_named(settings: Settings) -> bool:
    return settings.expect.page is not None


PROBE = Probe(
    id="web.page",
    title="Usable by the page",
    rung=1,
    schemes=frozenset(scheme for scheme, row in SCHEMES.items() if row.form == "web"),
    evidence=Evidence,
    observe=observe,
    judge=judge,
    deadline_s=4.0,
    wanted=_page_named,
)
