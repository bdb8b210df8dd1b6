"""HTTP, WebSocket, command line and console: parses, calls one use case, renders."""
