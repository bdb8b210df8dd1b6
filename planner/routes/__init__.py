"""Routes over ground: areas, corridors, points, orbits, façades, and the air between them."""
