"""The sheet as a file: exactly the rows and columns on screen, all pages of them.

A cell that a spreadsheet would take for a formula (= + - @, tabulator, carriage return: OWASP, CSV injection) is kept
as text: behind an apostrophe in CSV, as a string in XLSX, which runs none.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import xlsxwriter

from foundation.sheets import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def as_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Return a CSV in UTF-8 with its mark, semicolons and decimal commas, as spreadsheets in France read it."""
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    writer.writerow([harmless(word) for word in header])
    writer.writerows([_cell(value) for value in row] for row in rows)
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return f"{value:%d/%m/%Y %H:%M}"
    if isinstance(value, int | Decimal):
        return f"{value:f}".replace(".", ",") if isinstance(value, Decimal) else str(value)
    return harmless(str(value))


def as_xlsx(title: str, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """Return a workbook of one sheet with a frozen header and a filter, numbers as numbers and dates as dates."""
    file = io.BytesIO()
    # Nothing of what people typed becomes a formula, a link or a number it was not.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet(title[:31])
        bold, moment = book.add_format({"bold": True}), book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        for place, word in enumerate(header):
            sheet.write_string(0, place, word, bold)
            sheet.set_column(place, place, max(len(word), 12) + 2)
        for line, row in enumerate(rows, start=1):
            for place, value in enumerate(row):
                if isinstance(value, dt.datetime):
                    sheet.write_datetime(line, place, value, moment)
                elif isinstance(value, int | Decimal):
                    sheet.write_number(line, place, value)
                elif value is not None:
                    sheet.write_string(line, place, str(value))
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(len(rows), 1), len(header) - 1)
    return file.getvalue()
