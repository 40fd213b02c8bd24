"""What is printed of plans and reports: PDF made once by the worker, kept as the original."""
