"""What was done to save energy, who paid for it, and which agreement shares what it saves."""
