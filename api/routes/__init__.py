"""The endpoints, one module per resource: typed dependencies, one service call, one answer."""
