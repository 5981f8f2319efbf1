"""Logs watched: followed, mirrored, held against what others saw and against an issuer's own books."""
