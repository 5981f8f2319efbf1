"""Whom a node or a user believes: claims, composed and pinned trust lists, partners, known logs."""
