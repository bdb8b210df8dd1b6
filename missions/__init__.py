"""The story from request to case; the only folder that stores, schedules and orchestrates."""
