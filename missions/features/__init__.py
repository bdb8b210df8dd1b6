"""What lies on the map, for other systems: collections of OGC API Features."""
