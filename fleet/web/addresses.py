"""Addresses that came from outside."""

from __future__ import annotations

import re

# One slash, then ASCII but a second slash or a backslash (browsers read it as one); no control sign, no space. What
# our own pages send is percent-encoded; a header takes nothing else.
_OWN = re.compile(r"/(?![/\\])[!-\[\]-~]*")


def own_path(address: object, *, otherwise: str) -> str:
    """Return `address` where it is a path of this application, else `otherwise` (hostile input 29)."""
    return address if isinstance(address, str) and _OWN.fullmatch(address) else otherwise
