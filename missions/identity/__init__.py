"""Who uses the service: accounts, keys, roles and sessions."""
