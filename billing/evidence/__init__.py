"""Whether what was issued still says what it said: every figure followed back, every hash computed again."""
