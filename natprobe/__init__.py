"""natprobe says which part of a WebRTC deployment is broken and proves it with what it saw on the wire."""

__version__ = "0.1.0"
