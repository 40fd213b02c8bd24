"""Measurement plans: the frozen, signed baseline of a boundary (truth 5)."""
