"""Starts and stops real ArduPilot SITL vehicles from a binary that the user names."""
