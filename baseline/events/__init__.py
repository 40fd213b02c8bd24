"""Non-routine events: proposed by either party, agreed by both, never decided by the machine (truth 5)."""
