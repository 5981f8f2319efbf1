"""Lineage: what a statement rests on and what rests on it, as a graph over digests.

`graph` walks it over whatever statements are at hand, a log's (`sources`) or a bundle's; `tree`, `provenance` and
`drawing` write it as text, PROV-JSON and SVG.  It says how statements refer to each other, and nothing about whether
they are true: `evidence verify` does that.

Format: docs/spec/lineage.md.
"""
