"""The programming interface: what the pages show, as data, to whoever shows a token (openapi.yaml says it all)."""
