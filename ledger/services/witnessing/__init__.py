"""Cosignatures: asked of witnesses for the own log, and given to the logs of others."""
