"""The services brought where no address is given: PostgreSQL, Mosquitto and Redis, private to one environment."""
