"""Files become media with a trustworthy time, pose and footprint."""
