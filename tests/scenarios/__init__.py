"""Whole stories, told through real processes."""
