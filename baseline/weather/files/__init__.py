"""What weather services' files look like: bytes in, observations out. Pure."""
