"""Carrying messages: links, the wire format, signatures, the gateway, telemetry logs."""
