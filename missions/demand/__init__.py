"""From wishes to a released day: requests, their breakdown into tasks, the plan, the filing."""
