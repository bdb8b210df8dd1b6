"""Manners of the HTTP API that hold for every address: keys, conditions, limits, figures."""
