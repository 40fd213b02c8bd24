"""What a period's savings are worth and how they are shared."""
