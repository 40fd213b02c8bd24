"""The year settled for every agreement at once: one job, an item each, as often as one likes."""
