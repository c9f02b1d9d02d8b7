"""Drives the state machines of `wire` over the endpoints of `net`: what probes hold in their hands."""
