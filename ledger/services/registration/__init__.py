"""From a submitted statement to its receipt: fair turns, what the measures say, a place in the log."""
