"""What the API says and takes, as pydantic models with mappings from the entities."""
