"""Secrets that are handed out once: long, random, and kept as a hash only."""

from __future__ import annotations

import hashlib
import secrets


def new_secret() -> str:
    """Return 256 random bits, fit for an address and a cookie."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """Return what is kept of `secret`: with 256 bits there is nothing to guess, and no salt to add."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
