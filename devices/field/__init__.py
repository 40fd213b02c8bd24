"""The technician's day: visits, what is done on them without a network, proof that it works."""
