"""What an Ethereum-compatible chain commits to: headers, accounts, storage, receipts, digests.  Pure."""
