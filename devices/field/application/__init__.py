"""The application a technician carries: pages that need no network, and the doors they send through."""
