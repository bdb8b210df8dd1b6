"""One map of many photographs."""
