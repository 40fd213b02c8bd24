"""Metering points and measurement boundaries: what readings belong to, what plans and agreements speak of."""
