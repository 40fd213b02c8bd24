"""Files of bills, indexes and load curves, mapped by a profile a source keeps, imported whole or not at all."""
