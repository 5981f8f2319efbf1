"""Other nodes, over HTTP."""
