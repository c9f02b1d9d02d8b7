"""Will a call between two hosts be direct? Two kept reports, or two words for NATs, and a verdict. No I/O."""

from natprobe.pairing.host import Host, from_nat, from_report
from natprobe.pairing.nat import Nat, NatWordError, compound, read_nat
from natprobe.pairing.verdict import Verdict, judge, verdict

__all__ = [
    "Host",
    "Nat",
    "NatWordError",
    "Verdict",
    "compound",
    "from_nat",
    "from_report",
    "judge",
    "read_nat",
    "verdict",
]
