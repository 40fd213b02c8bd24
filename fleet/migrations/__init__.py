"""One history for the schemas of all floors; run by `fleet db upgrade` as the owner."""
