"""What was measured beside what the supplier billed, bill by bill."""
