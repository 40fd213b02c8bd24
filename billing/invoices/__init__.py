"""Invoices: drafted, checked, issued with a gapless number, rendered once, never edited (truth 8)."""
