"""Baselines made of bills: energies of periods of any length, with the temperatures inside them."""
