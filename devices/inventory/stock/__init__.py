"""Pages of what devices are before they serve: models, lots, lists taken in."""
