"""Measurement boundaries: dated sums of points, their versions, and the keys of a shared point."""
