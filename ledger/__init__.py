"""Evidence ledger: signed statements, an append-only log, chain anchors, and proofs that verify offline."""
