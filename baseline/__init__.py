"""What would have been used: weather, degree days, models, measurement plans, non-routine events, savings reports."""
