"""Hourly baselines: time of week and temperature (TOWT), on the day types of the daily model."""
