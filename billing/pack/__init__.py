"""What an invoice carries so that anyone finds its amount again without us: data, manifest, signature."""
