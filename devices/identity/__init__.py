"""Who may speak at the broker: an account for each device and gateway, on its own topics only."""
