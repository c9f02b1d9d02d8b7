"""What the probes of web targets share: asking as a page would, reading what came, following what it names."""
