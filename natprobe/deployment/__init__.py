"""A deployment file: what belongs to a deployment, and what it is expected to be. Pure: text → values."""

from natprobe.deployment.reading import Known, Lookup, read
from natprobe.deployment.values import Deployment, Entry, Login, Run

__all__ = ["Deployment", "Entry", "Known", "Login", "Lookup", "Run", "read"]
