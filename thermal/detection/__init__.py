"""What differs from its surroundings, and how bad it is."""
