"""Lists of points and of devices taken in from spreadsheets: whole or not at all."""
