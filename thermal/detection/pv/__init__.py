"""Faults of photovoltaic modules: one module's picture, and a plant's modules."""
