"""Sites, their buildings, and who holds a building from when to when."""
