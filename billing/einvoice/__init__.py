"""The invoice as EN 16931 means it, and its CII XML: values in, bytes out, no file, clock, network or database."""
