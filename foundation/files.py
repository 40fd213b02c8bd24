"""Answers that are files: figures to recompute with, as they are kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pyramid.response import Response

from foundation.sheets import csv_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def csv_file(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """Return a CSV download: commas, points, ISO dates, empty where there is nothing; numbers and codes only."""
    return download(name, csv_bytes(header, rows), "text/csv")


def json_file(name: str, content: bytes) -> Response:
    """Return a JSON download, byte for byte what was hashed."""
    return download(name, content, "application/json")


def download(name: str, content: bytes, media_type: str) -> Response:
    """Return `content` as a file to keep, under `name`."""
    # RFC 6266 § 4.1: quoted for all, and exactly, percent-encoded, for those who read RFC 8187 (hostile input 28).
    plain = re.sub(r'[^ -~]|["\\\\%]', "_", name)
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return Response(body=content, content_type=media_type, content_disposition=disposition)
