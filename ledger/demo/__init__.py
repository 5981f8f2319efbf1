"""The demonstration: two jurisdictions on this machine, played through with the real parts.

`python -m ledger.demo DIR`, or `scripts/demo DIR`, which sets up what that needs.  Nodes are processes of their own,
served and spoken to as anybody would; what a person does by hand is done with the command `evidence`, and shown.
"""
