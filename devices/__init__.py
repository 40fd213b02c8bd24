"""What was measured: points, devices, readings, clean energy."""
