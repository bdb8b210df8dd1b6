"""Battery packs and their history."""
