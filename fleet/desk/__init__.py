"""What the operator works with all day: the sheet of everything measured, search, what was changed."""
