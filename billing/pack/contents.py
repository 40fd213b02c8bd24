"""The names of what an invoice carries, and how each is hashed."""

from __future__ import annotations

import hashlib

EVIDENCE = "preuve.json"
MANIFEST = "manifeste.json"


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 of `content`, hexadecimal."""
    return hashlib.sha256(content).hexdigest()
