"""Pytest fixtures for other people's tests: a chain in memory, a node, two jurisdictions."""
