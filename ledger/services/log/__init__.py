"""The log's one writer: appends what waits, signs heads, and takes what other processes hand over."""
