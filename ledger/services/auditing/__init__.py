"""All that a node keeps, computed again from the stored bytes, on as many processors as there are."""
