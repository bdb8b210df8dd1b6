"""The check of files by hand: analysis, pictures, the report that a person reads."""
