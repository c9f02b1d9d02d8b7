"""A Prometheus exporter: probes what its configuration allows when Prometheus asks, and shows the report as metrics.

The way of a scrape: `http` reads a request, `service` routes it, `admission` says what is asked and whether it is
allowed, `limits` whether there is room, `probing` runs it, `exposition` turns the report into metrics, `tally` counts.
"""
