"""ARM Relay."""
