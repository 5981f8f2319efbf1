"""Partners' checkpoints, carried to the own chains, and what these then show of them."""
