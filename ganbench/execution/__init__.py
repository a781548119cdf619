"""From cells to published runs: what to do, the worker that does it, and where it runs."""
