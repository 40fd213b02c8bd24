"""Figures people steer buildings by: kWh a square metre, CO2 by named factors, the tertiary decree's path. Pure."""
