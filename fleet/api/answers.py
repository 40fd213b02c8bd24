"""Answers of the programming interface: JSON under an ETag, so that asking again costs a few bytes."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from pyramid.response import Response

if TYPE_CHECKING:
    from fleet.api.shapes import Shape


def answer(content: Shape, *, status: int = 200) -> Response:
    """Return `content` as JSON."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    return tagged(Response(body=body, status=status, content_type="application/json", charset="UTF-8"))


def tagged(response: Response) -> Response:
    """Name what `response` holds; sent back in If-None-Match, nothing but 304 is answered (RFC 9110 § 13.1.2)."""
    response.etag = hashlib.sha256(response.body).hexdigest()[:32]
    response.conditional_response = True
    # The next reader of a shared computer is somebody else; a program may keep it and ask again.
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Authorization"
    return response
