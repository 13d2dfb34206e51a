"""The whole system on one machine: not deployed, not a test."""
