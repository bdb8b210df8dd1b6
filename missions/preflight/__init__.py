"""May this flight go? What was filed for it, the weather ahead of it, and every other check."""
