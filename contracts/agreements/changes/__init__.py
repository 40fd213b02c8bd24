"""Pages of what changes a signed agreement: amendments, suspensions, its end, a departure."""
