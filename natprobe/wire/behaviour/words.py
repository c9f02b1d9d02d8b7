"""RFC 4787's terms, the one word of RFC 3489 that goes with them, and what each means for calls."""

from typing import Final, Literal

Mapping = Literal["none", "endpoint-independent", "address-dependent", "address-and-port-dependent", "unknown"]
Filtering = Literal["endpoint-independent", "address-dependent", "address-and-port-dependent", "unknown"]
NatType = Literal[
    "open-internet",
    "full-cone",
    "restricted-cone",
    "port-restricted-cone",
    "symmetric",
    "symmetric-udp-firewall",
    "udp-blocked",
    "unknown",
]

# RFC 3489 section 5 has no word for an endpoint-independent NAT with unknown filters, nor for two kinds of symmetric.
_CONES: Final[dict[tuple[Mapping, Filtering], NatType]] = {
    ("none", "endpoint-independent"): "open-internet",
    ("none", "address-dependent"): "symmetric-udp-firewall",
    ("none", "address-and-port-dependent"): "symmetric-udp-firewall",
    ("endpoint-independent", "endpoint-independent"): "full-cone",
    ("endpoint-independent", "address-dependent"): "restricted-cone",
    ("endpoint-independent", "address-and-port-dependent"): "port-restricted-cone",
}


def type_of(mapping: Mapping, filtering: Filtering, *, dependent: bool | None = None) -> NatType:
    """RFC 3489's word. `dependent` is true where the mapping differs by destination, though not how is known."""
    if dependent or mapping in {"address-dependent", "address-and-port-dependent"}:
        return "symmetric"
    return _CONES.get((mapping, filtering), "unknown")


_DIRECT: Final = "calls: direct with most peers"
_FOR_CALLS: Final[dict[NatType, str]] = {
    "open-internet": "calls: direct with every peer that has UDP",
    "full-cone": "calls: direct with every peer that has UDP",
    "restricted-cone": "calls: direct with every peer that has UDP",
    "port-restricted-cone": f"{_DIRECT}; relay (TURN) with symmetric ones",
    "symmetric-udp-firewall": f"{_DIRECT}; relay (TURN) with symmetric ones where the firewall filters by port",
    "symmetric": "calls: direct with peers that are open or filter by address; relay (TURN) with the others",
    "udp-blocked": "calls: relay over TCP or TLS alone",
}


def for_calls(kind: NatType, mapping: Mapping, filtering: Filtering) -> str:
    """What it means for calls (RFC 4787 section 5, after REQ-8), or what is not known about that."""
    if kind != "unknown":
        return _FOR_CALLS[kind]
    if mapping in {"none", "endpoint-independent"} and filtering == "unknown":
        return f"{_DIRECT}; whether with symmetric ones too depends on the filter, which is not known"
    return "calls: not known, so plan with a relay (TURN)"
