"""`gather(wish, emit)`: the candidates that a browser with these servers would have, and why some are missing."""

from natprobe.gathering.collector import Collector, Policy, cause
from natprobe.gathering.gather import Wish, gather

__all__ = ["Collector", "Policy", "Wish", "cause", "gather"]
