"""Attesters' signatures and seals that make anchors final: asked for, and given to others."""
