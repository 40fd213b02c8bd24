"""Who promised what, for which building."""
