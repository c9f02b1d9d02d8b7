"""May the page of a browser use this target? Its scheme, its address and its origin decide. Pure."""

from natprobe.address import AddressKind, is_literal, kind_of
from natprobe.client.http import Exchanged
from natprobe.target import Target, TargetError, parse

_LOCAL: frozenset[AddressKind] = frozenset({"loopback", "link-local", "private", "cgnat"})


def page_of(url: str | None) -> Target | None:
    """The page that uses a target; None where none is named, or what is named is no web address."""
    try:
        page = parse(url) if url else None
    except TargetError:
        return None
    return page if page is not None and page.form == "web" else None


def origin_of(target: Target) -> str:
    """The origin of the target's own pages (RFC 6454 section 6.2)."""
    scheme = "https" if target.secure else "http"
    port = target.effective_port
    usual = port is None or port == (443 if target.secure else 80)
    return f"{scheme}://{target.authority if not usual else target.authority.removesuffix(f':{port}')}"


def is_this_host(host: str) -> bool:
    """Whether browsers take `host` for the user's own machine, which is trusted without TLS."""
    if is_literal(host):
        return kind_of(host) == "loopback"
    return host.removesuffix(".").rpartition(".")[2] == "localhost"


def is_mixed(page: Target, target: Target) -> bool:
    """Whether a browser blocks `target` because the page is secure and the target is not."""
    return page.secure and not target.secure and not is_this_host(target.host)


def is_entrance(page: Target, target: Target) -> bool:
    """Whether `target` is where users of a secure page come in without TLS, to be led on; no page fetches that."""
    return target.scheme == "http" and page.host == target.host and is_mixed(page, target)


def is_inward(page: tuple[AddressKind, ...], target: AddressKind) -> bool:
    """Whether a page at public addresses alone asks for an address of the user's own network."""
    return bool(page) and set(page) == {"public"} and target in _LOCAL


def is_html(answer: Exchanged) -> bool:
    """Whether the answer says that it is a page."""
    return (answer.value("content-type") or "").lower().lstrip().startswith(("text/html", "application/xhtml"))


def is_same_page(answer: Exchanged, stray: Exchanged) -> bool:
    """Whether both are one page that the server gives for any path."""
    return (
        answer.seen.answered
        and stray.seen.answered
        and answer.status == stray.status == 200
        and is_html(answer)
        and answer.body == stray.body
    )
