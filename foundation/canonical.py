"""One way to write data down, so that anyone can hash it again and find the same hash."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from decimal import Decimal
from typing import Any


def canonical_json(data: Any) -> bytes:
    """Return `data` as JSON in UTF-8: keys sorted, no spaces, Decimal as text, days and instants as ISO 8601.

    A float is refused: what is hashed is exact.
    """
    return json.dumps(
        data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_exact
    ).encode()


def canonical_sha256(data: Any) -> str:
    """Return the SHA-256, in hexadecimal, of the canonical JSON of `data`."""
    return hashlib.sha256(canonical_json(data)).hexdigest()


def _exact(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no canonical form")
