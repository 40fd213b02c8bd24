"""What files brought for a point: one series a step, in the same table of readings as sensors."""
