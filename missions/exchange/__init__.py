"""What goes up to the province's platform, and how it is checked there."""
