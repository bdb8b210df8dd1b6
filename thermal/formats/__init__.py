"""Radiometric files become frames of temperatures, or are refused by name."""
