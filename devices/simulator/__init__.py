"""Simulated sensors on the real broker, and the account of what became of everything they said."""
