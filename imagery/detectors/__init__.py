"""Trained detectors that a city brings: ONNX files with a card, run on visible photographs.

The project ships no model.
"""
