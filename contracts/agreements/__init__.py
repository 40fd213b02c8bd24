"""What the SPL and a shareholder agreed: term, sharing terms, annexes, signature."""
