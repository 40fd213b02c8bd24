"""Months so far: a provisional figure for each signed plan, and a word where a building leaves its plan."""
