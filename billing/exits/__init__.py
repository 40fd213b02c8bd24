"""What an agreement that ended still asks for: its exit settlement, and the sensors bought out or taken away."""
