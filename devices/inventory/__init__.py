"""Devices and which metering point each serves, from when to when."""
