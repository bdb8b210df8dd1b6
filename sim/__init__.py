"""The other end of the link: vehicles, cameras, weather, fires; meets the service only over sockets."""
