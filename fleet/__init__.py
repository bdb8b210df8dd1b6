"""Speaks MAVLink to vehicles; knows routes, not requests."""
