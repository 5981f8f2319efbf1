"""What partners' nodes pull from each other: what concerns their jurisdictions, over HTTP or by a file."""
