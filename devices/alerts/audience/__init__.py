"""Who receives what, and what nobody receives."""
