"""What is measured of the fleet."""
