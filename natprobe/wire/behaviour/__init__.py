"""What do answers and silences say about a NAT? RFC 5780's tests and RFC 4787's terms, pure and without I/O."""

from natprobe.wire.behaviour.filtering import FilteringVerdict, Trial, filtering_of
from natprobe.wire.behaviour.lifetime import Bracket, bracket_of, finer, grid
from natprobe.wire.behaviour.loss import CERTAIN, Tally, chance_of_loss, pooled
from natprobe.wire.behaviour.mapping import MappingVerdict, View, mapping_of
from natprobe.wire.behaviour.reach import Door, ReachVerdict, reach_of
from natprobe.wire.behaviour.words import Filtering, Mapping, NatType, for_calls, type_of

__all__ = [
    "CERTAIN",
    "Bracket",
    "Door",
    "Filtering",
    "FilteringVerdict",
    "Mapping",
    "MappingVerdict",
    "NatType",
    "ReachVerdict",
    "Tally",
    "Trial",
    "View",
    "bracket_of",
    "chance_of_loss",
    "filtering_of",
    "finer",
    "for_calls",
    "grid",
    "mapping_of",
    "pooled",
    "reach_of",
    "type_of",
]
