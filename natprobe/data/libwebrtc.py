"""Which roots does libwebrtc bring along? They are what a native app trusts for `turns:`, unless it has a verifier."""

import functools
from collections.abc import Iterable
from importlib import resources

import msgspec

_FILE = "libwebrtc-roots.json"


class Root(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of them."""

    subject: str
    """RFC 4514 form."""
    sha256: str
    """Fingerprint of the DER form, hexadecimal, lower case."""


class RootList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The list, and from when it is."""

    about: str
    made: str
    """The day that it bears."""
    seen: str
    """The month in which it was last found unchanged."""
    bundle: str
    """What it was made from."""
    bundle_sha256: str
    roots: tuple[Root, ...]

    def leads_up(self, served: Iterable[tuple[str, str]]) -> bool:
        """Whether a path may lead from a served chain to one of these roots.

        `served` holds the fingerprint of each certificate and the name of its issuer. Names are compared and no
        signature is: a path that is there is never missed, such as one over a cross-signed certificate.
        """
        prints = {each.sha256 for each in self.roots}
        names = {each.subject for each in self.roots}
        return any(sha256 in prints or issuer in names for sha256, issuer in served)


@functools.cache
def libwebrtc_roots() -> RootList:
    """The list that natprobe brings."""
    return msgspec.json.decode(resources.files(__package__).joinpath(_FILE).read_bytes(), type=RootList)
