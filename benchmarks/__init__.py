"""Slow measurements: committed scripts beside the figures that they print."""
