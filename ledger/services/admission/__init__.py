"""Whether a statement may be registered: its format, its signer, what could never count; judged by the batch."""
