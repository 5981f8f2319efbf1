"""What a certificate is worth here, and what became of attestations."""
