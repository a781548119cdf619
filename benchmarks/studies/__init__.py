"""Slow studies of whole grids, with their committed tables."""
