"""Savings reports: the measured period against the adjusted baseline, with its uncertainty."""
