"""Media as evidence, products and demand: kept, shown, exported and let go."""
