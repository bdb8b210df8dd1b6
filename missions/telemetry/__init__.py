"""Where drones were: thinned tracks for years, full logs as long as the rules say."""
