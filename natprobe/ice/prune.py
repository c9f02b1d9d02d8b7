"""Which candidates are redundant? Those with the same transport address and the same base (RFC 8445 section 5.1.3).

Where candidates trickle, the first one has been signalled already, so that a later one is dropped whatever its
priority (RFC 8838 section 10). A host candidate comes first, and stays where its reflexive twin has the same address.
"""

from natprobe.address import Address
from natprobe.model import Candidate


class Seen:
    """What was told so far."""

    def __init__(self) -> None:
        self._pairs: set[tuple[str, Address, Address]] = set()

    def is_new(self, candidate: Candidate) -> bool:
        """Whether `candidate` adds anything; if it does, it counts as told."""
        base = candidate.related if candidate.type == "srflx" and candidate.related else candidate.address
        pair = (candidate.protocol, candidate.address, base)
        if pair in self._pairs or (candidate.type == "srflx" and base == candidate.address):
            return False
        self._pairs.add(pair)
        return True
