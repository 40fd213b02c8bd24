"""Before a contract: could the saving be proven on this boundary, and whom would it reach."""
