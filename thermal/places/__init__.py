"""Where a find is, and which place it belongs to."""
