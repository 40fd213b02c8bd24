"""Outdoor temperature by weather station."""
