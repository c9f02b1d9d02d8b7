"""What the probes of media gateways share: an offer of ours, their answer, and checks of the ports that it names."""
