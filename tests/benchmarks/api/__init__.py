"""What is measured of the service, its store and its API."""
