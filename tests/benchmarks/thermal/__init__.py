"""What is measured of thermal and imagery."""
