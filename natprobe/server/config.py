"""How is the embedded server set up? Plain data; the defaults are a demo on loopback with one user."""

import msgspec

from natprobe.address import Address, kind_of
from natprobe.credential import Credential, Secret
from natprobe.server.faults import Fault
from natprobe.wire.registry import ALLOCATION_LIFETIME_MAX_S, ALLOCATION_LIFETIME_S


class ServerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What the server is and does. Lifetimes are seconds."""

    hosts: tuple[str, ...] = ("127.0.0.1", "127.0.0.2", "::1")
    """Where to listen. The first two of a family make RFC 5780 possible; one that this host lacks is left out."""
    port: int = 0
    """0 takes a free one."""
    realm: str = "example.org"
    users: tuple[Credential, ...] = ()
    secret: Secret | None = None
    """The shared secret of TURN REST. With neither users nor a secret, anybody may allocate."""
    offers_sha256: bool = False
    """Whether PASSWORD-ALGORITHMS is offered (RFC 8489 section 9.2.1)."""
    offers_userhash: bool = False
    """Whether username anonymity is offered (RFC 8489 section 9.2.1)."""
    software: str = "natprobe demo"
    nonce_lifetime_s: float = 600.0
    default_lifetime_s: int = ALLOCATION_LIFETIME_S
    max_lifetime_s: int = ALLOCATION_LIFETIME_MAX_S
    max_allocations: int = 64
    max_permissions: int = 64
    """Permissions, and channels, of one allocation."""
    max_connections: int = 64
    peers: frozenset[str] = frozenset()
    """Peer hosts that are allowed beside loopback. Everybody else is refused with 403."""
    faults: tuple[Fault, ...] = ()

    @property
    def authenticates(self) -> bool:
        """Whether a credential is asked for."""
        return bool(self.users) or self.secret is not None

    def allows_peer(self, peer: Address) -> bool:
        """Whether data may be relayed to `peer`: a demo must be no way into anybody's network."""
        return kind_of(peer.host) == "loopback" or peer.host in self.peers
