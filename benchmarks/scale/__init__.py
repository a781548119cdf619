"""What large grids cost."""
