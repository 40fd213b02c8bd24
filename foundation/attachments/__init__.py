"""Originals (PDF, XML, photos, imported files) kept in the database by content hash: one backup is the whole truth."""
