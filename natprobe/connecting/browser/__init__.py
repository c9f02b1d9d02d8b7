"""Browsers as ends of a call: a page of ours, served to whoever has its address, which carries the signalling too."""
