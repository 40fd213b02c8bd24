"""How fast readings are committed, beside what the database and the broker allow on the same machine."""
