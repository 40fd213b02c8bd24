"""What a municipality keeps of its savings, with the VAT it does not recover."""
