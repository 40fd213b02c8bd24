"""What is owed to the SPL and what was paid: payments, their allocation, lateness, statements."""
