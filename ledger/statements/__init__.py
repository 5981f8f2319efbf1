"""What each kind of statement means.  Pure."""
