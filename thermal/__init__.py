"""Thermal media become temperatures, hotspots and located anomalies."""
