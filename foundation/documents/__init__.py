"""Documents that are sent out: templates of `invoices_templates` as tagged PDF/A-3, reproducible to the byte."""
