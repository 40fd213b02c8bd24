"""What was revised since a plan was frozen or a report made: shown, never applied (truth 9)."""
