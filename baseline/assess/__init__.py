"""Assess a building from a file: no database, no settings, no pandas, so that it starts at once."""
