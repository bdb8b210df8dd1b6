"""Transfers, read-back, and what is known to be on board."""
