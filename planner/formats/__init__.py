"""Plans and routes as files that other programs read."""
