"""The training engine: Algorithm 1 over all seeds of a cell at once."""
