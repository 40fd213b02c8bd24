"""Several buildings together: one sum, one honest interval, and how much everyone else drifted."""
