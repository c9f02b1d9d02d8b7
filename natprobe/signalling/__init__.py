"""What the probes of signalling servers share: opening WebSockets as a page does, and speaking what runs over them."""
