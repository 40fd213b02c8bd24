"""How long what arrives is kept at hand: months of readings made ahead, detached once nothing depends on them."""
