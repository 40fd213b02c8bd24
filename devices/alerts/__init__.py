"""Is the fleet well: what a device, a point or a message shows wrong, told once to whoever listens."""
