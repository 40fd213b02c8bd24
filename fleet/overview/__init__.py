"""The first page: what happens today, for each role."""
