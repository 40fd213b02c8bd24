"""Asking weather services: one call at a time, within their quotas, off until an address is set."""
