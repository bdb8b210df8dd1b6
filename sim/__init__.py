"""The other end of the link: vehicles, cameras, weather, fires; only sockets lead to it."""
