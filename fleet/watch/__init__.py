"""Watching over a flight: turn it back while it can still land."""
