"""Routes, one resource a module."""
