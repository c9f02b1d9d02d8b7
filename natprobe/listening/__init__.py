"""A small HTTP/1.1 server of ours, bounded in everything: for the exporter, and for the page of `natprobe connect`."""
