"""A node's folder: its settings and keys, where its log and its chains are, in whose name it asks others."""
