"""Chorus Pro: invoices deposited, followed until they are paid, and the directory of public structures."""
