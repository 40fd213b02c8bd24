"""Figures to recompute with, as bytes that anyone can hash again; nothing in them that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# What spreadsheets take for the beginning of a formula, after blanks too (OWASP, CSV injection; ASVS 5.0, 1.2.10).
_FORMULA = re.compile(r"[\s\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_NUMBER = re.compile(r"-?[0-9]+([.,][0-9]+)?([eE][+-]?[0-9]+)?")


def harmless(text: str) -> str:
    """Return `text` for a cell of a CSV: what would be run as a formula stands behind an apostrophe, without NUL.

    Negative numbers are no text (hostile input 36): whoever has one does not ask.
    """
    # A lone carriage return would begin a new row for some readers.
    written = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    return f"'{written}" if _FORMULA.match(written) else written


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Return a CSV in UTF-8: commas, points, ISO dates, empty where there is nothing; numbers and codes only."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow([harmless(word) for word in header])
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return written.getvalue().encode()


def _cell(cell: Any) -> Any:
    if cell is None:
        return ""
    # Many of our figures are exact numbers written as text.
    return harmless(cell) if isinstance(cell, str) and not _NUMBER.fullmatch(cell) else cell
