"""What is owed: settlements, invoices and their structured form, documents; stands on baseline and what is below."""
