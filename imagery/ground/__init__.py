"""From a pose to the ground: rays, footprints, what was really photographed."""
