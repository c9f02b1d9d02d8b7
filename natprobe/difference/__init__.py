"""What is different between two runs? `difference(old, new)`: two reports → a frozen Difference. Pure."""

from natprobe.difference.between import broken, difference
from natprobe.difference.values import (
    SCHEMA,
    CertificateChange,
    Change,
    Difference,
    Pace,
    RunSummary,
    Turn,
)

__all__ = [
    "SCHEMA",
    "CertificateChange",
    "Change",
    "Difference",
    "Pace",
    "RunSummary",
    "Turn",
    "broken",
    "difference",
]
