"""Measures on transfers: shipped, drafted, prechecked, told, reviewed."""
