"""Addresses that came from outside."""

from __future__ import annotations

import re

# One slash, then anything but a second slash or a backslash (browsers read it as one); no control sign, no space.
_OWN = re.compile(r"/(?![/\\])[^\s\\\x00-\x1f\x7f]*")


def own_path(address: str, *, otherwise: str) -> str:
    """Return `address` where it is a path of this application, else `otherwise` (hostile input 29)."""
    return address if _OWN.fullmatch(address) else otherwise
