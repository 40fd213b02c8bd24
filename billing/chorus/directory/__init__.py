"""The directory of public structures, as pages."""
