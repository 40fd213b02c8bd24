"""Where the buildings are."""
