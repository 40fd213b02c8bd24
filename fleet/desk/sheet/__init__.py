"""Everything that is measured, in one table."""
