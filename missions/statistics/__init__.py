"""What the city reports of itself, counted exactly: by period, department, county and kind."""
