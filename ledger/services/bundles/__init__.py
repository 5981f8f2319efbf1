"""Evidence bundles: exported, joined, brought up to date; what one carries, what a node can show."""
