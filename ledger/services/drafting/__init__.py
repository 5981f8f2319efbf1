"""What signers do before anything reaches a node: drafts, commitments, requests, acknowledgements, status."""
