"""What an Ethereum-compatible chain commits to: headers, accounts, storage, receipts, and typed-data digests.  Pure."""
