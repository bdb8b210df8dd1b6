"""Docks: one protocol, in memory, over HTTP and over MQTT."""
