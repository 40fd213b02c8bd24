"""One line that finds everything."""
