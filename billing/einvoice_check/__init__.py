"""Whether a CII invoice may leave: the XSD and the schematrons published with Factur-X, run offline."""
