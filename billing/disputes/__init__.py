"""Pages of a dispute: filed by the municipality, answered, given to an expert, decided."""
