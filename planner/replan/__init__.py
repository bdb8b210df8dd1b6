"""A running day after something happened: mended, explained, compared."""
