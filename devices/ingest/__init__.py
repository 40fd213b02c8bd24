"""Readings from the broker into PostgreSQL: acknowledged means committed (truth 10)."""
