"""What a vehicle takes on board, and the proof that it holds together."""
