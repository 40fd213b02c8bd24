"""What terms would pay before anybody signs them, and what they would have paid on what was measured."""
