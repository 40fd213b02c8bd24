"""Fault drills: load, a fault struck again and again, then the account of every reading."""
