"""A deployment file: what belongs to a deployment, and what it is expected to be. Pure: text → values."""

from natprobe.deployment.part import read_part
from natprobe.deployment.reading import Known, Lookup, read
from natprobe.deployment.values import AbsentError, Deployment, Entry, Login, Run

__all__ = ["AbsentError", "Deployment", "Entry", "Known", "Login", "Lookup", "Run", "read", "read_part"]
