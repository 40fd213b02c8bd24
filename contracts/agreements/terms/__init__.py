"""Sharing terms: what an agreement says about who gets which part of the savings, and its one evaluation."""
