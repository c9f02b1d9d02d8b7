"""What may be probed, how, and how much of it at once: the exporter's configuration as values."""

import ipaddress
from typing import Literal

import msgspec

from natprobe.address import Address
from natprobe.plan import DEFAULT_DEADLINE_S, Family
from natprobe.target import Target

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Reference(msgspec.Struct, frozen=True):
    """Where a secret is kept. The configuration itself holds none."""

    kind: Literal["password", "secret"]
    place: Literal["file", "env"]
    name: str

    def __str__(self) -> str:
        return f"{self.kind}_{self.place} {self.name}"


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """A pattern of targets: any of these schemes at any of these hosts."""

    schemes: frozenset[str]
    names: frozenset[str] = frozenset()
    suffixes: tuple[str, ...] = ()
    """`.example.org` for `*.example.org`: every name below it, not itself."""
    networks: tuple[Network, ...] = ()
    """For targets that are IP literals; a name is never resolved to find out."""
    ports: frozenset[int] = frozenset()
    """Empty: the scheme's own port alone, as a free choice would be a port scanner."""

    def permits(self, target: Target) -> bool:
        """Whether `target` fits the pattern."""
        return target.scheme in self.schemes and self._permits_port(target) and self._permits_host(target.host)

    def _permits_port(self, target: Target) -> bool:
        if self.ports:
            return target.effective_port in self.ports
        return target.port is None or target.port == msgspec.structs.replace(target, port=None).effective_port

    def _permits_host(self, host: str) -> bool:
        if host in self.names or host.endswith(self.suffixes):
            return True
        try:
            ip = ipaddress.ip_address(host)
        except ValueError:
            return False
        return any(ip in network for network in self.networks)


class Module(msgspec.Struct, frozen=True, kw_only=True):
    """One way to probe, and the targets that may be probed that way."""

    name: str
    targets: tuple[Target, ...] = ()
    """These URIs exactly."""
    allow: tuple[Allowance, ...] = ()
    deployment: str | None = None
    """A deployment file: `targets` are its targets then, each probed as that file says."""
    timeout_s: float = DEFAULT_DEADLINE_S
    """The longest that a probe may take, whatever Prometheus grants."""
    user: str | None = None
    reference: Reference | None = None
    families: tuple[Family, ...] = (4, 6)
    insecure: bool = False
    ca_file: str | None = None
    resolvers: tuple[Address, ...] = ()
    relay_ports: tuple[int, int] | None = None
    strict: bool = False
    """Whether a warning is no success."""

    def permits(self, target: Target) -> bool:
        """Whether `target` may be probed with this module's credential."""
        return target in self.targets or any(pattern.permits(target) for pattern in self.allow)


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much is probed at most, over all modules."""

    probes_at_once: int = 8
    probes_per_minute: int = 120


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The whole configuration."""

    modules: tuple[Module, ...]
    limits: Limits = Limits()

    def module(self, name: str) -> Module | None:
        """The module with this name."""
        return next((module for module in self.modules if module.name == name), None)
