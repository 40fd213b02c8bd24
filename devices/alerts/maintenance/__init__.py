"""Maintenance windows: while one lasts, nothing is told."""
