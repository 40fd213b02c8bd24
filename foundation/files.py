"""Answers that are files: figures to recompute with, as they are kept."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from pyramid.response import Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def csv_file(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """Return a CSV download: commas, points, ISO dates, empty where there is nothing; numbers and codes only."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    return _download(name, written.getvalue().encode(), "text/csv")


def json_file(name: str, content: bytes) -> Response:
    """Return a JSON download, byte for byte what was hashed."""
    return _download(name, content, "application/json")


def _download(name: str, content: bytes, media_type: str) -> Response:
    return Response(body=content, content_type=media_type, content_disposition=f'attachment; filename="{name}"')
