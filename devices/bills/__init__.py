"""What suppliers billed: kept beside what was measured, never mixed with it."""
