"""Reports of a year for a municipality and for the SPL's board, and a settlement's account: frozen, printed, kept."""
