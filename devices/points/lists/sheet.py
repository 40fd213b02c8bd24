"""A list written in a spreadsheet and saved as CSV, read with known columns. Pure.

Accepts what spreadsheets write: UTF-8 with or without BOM, Windows-1252 where it is not UTF-8, `;`, `,` or tab. Refuses
what is too large, and columns nobody knows rather than passing over them (hostile input 34).
"""

from __future__ import annotations

import csv
import datetime as dt
import re
import unicodedata
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_BYTES: Final = 2_000_000
MAX_ROWS: Final = 1_000
MAX_CELL: Final = 200
SEPARATORS: Final = (";", ",", "\t")
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}([.,][0-9]{1,6})?", re.ASCII)
_INVISIBLE = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


class Column(NamedTuple):
    """A column of a list: its heading, what it says (French), an example, and whether it may be left empty."""

    name: str
    words: str
    example: str
    required: bool = False


class Row(NamedTuple):
    """A line of a list: where it stands in the file, and its cells by heading, trimmed, NFC."""

    line: int
    cells: Mapping[str, str]


def read_sheet(content: bytes, columns: Sequence[Column]) -> list[Row]:
    """Return the rows of a CSV file with these `columns`, in any order; empty lines are passed over."""
    if len(content) > MAX_BYTES:
        raise Refusal("Ce fichier dépasse 2 Mo ; coupez-le en plusieurs.", field="file")
    try:
        lines = list(csv.reader(_text(content).splitlines(keepends=True), delimiter=_separator(content), strict=True))
    except csv.Error:
        raise Refusal(
            "Ce fichier n'est pas un CSV lisible ; enregistrez-le de nouveau au format CSV.", field="file"
        ) from None
    heading = [_canonical(cell).lower() for cell in lines[0]] if lines else []
    _check_heading(heading, columns)
    rows: list[Row] = []
    for number, line in enumerate(lines[1:], start=2):
        cells = [_canonical(cell) for cell in line]
        if not any(cells):
            continue
        if len(rows) == MAX_ROWS:
            raise Refusal(
                "Ce fichier compte plus de {most} lignes ; coupez-le en plusieurs.", field="file", most=MAX_ROWS
            )
        # Spreadsheets leave out empty cells at the end; more cells than headings say nothing we could name.
        spare = [cell for cell in cells[len(heading) :] if cell]
        whole = dict.fromkeys((column.name for column in columns), "") | dict(zip(heading, cells, strict=False))
        rows.append(Row(number, whole if not spare else whole | {"": spare[0]}))
    if not rows:
        raise Refusal("Ce fichier n'a aucune ligne sous ses titres ; remplissez-le d'abord.", field="file")
    return rows


def check_cells(row: Row, columns: Sequence[Column]) -> None:
    """Refuse a row with an empty cell where one has to be filled, or with one no eye can read."""
    if "" in row.cells:
        raise Refusal("« {cell} » n'est sous aucun titre ; la ligne a une cellule de trop.", cell=row.cells[""])
    for column in columns:
        cell = row.cells[column.name]
        if column.required and not cell:
            raise Refusal("La colonne « {name} » est vide ; remplissez-la.", name=column.name)
        if len(cell) > MAX_CELL:
            raise Refusal(
                "La colonne « {name} » compte plus de {most} signes ; raccourcissez-la.",
                name=column.name,
                most=MAX_CELL,
            )
        if _INVISIBLE.search(cell):
            raise Refusal("La colonne « {name} » contient des signes invisibles ; retapez-la.", name=column.name)


def number_in(row: Row, name: str) -> Decimal | None:
    """Return the number in column `name` as French or English writes it, None where it is empty."""
    written = "".join(row.cells[name].split())
    if not written:
        return None
    if not _NUMBER.fullmatch(written):
        raise Refusal(
            "« {cell} » (colonne « {name} ») n'est pas un nombre ; écrivez par exemple 36 ou 1,5.",
            cell=row.cells[name],
            name=name,
        )
    return Decimal(written.replace(",", "."))


def day_in(row: Row, name: str) -> dt.date | None:
    """Return the day in column `name`, written 31/12/2026 or 2026-12-31, None where it is empty."""
    written = row.cells[name]
    if not written:
        return None
    for form in ("%d/%m/%Y", "%Y-%m-%d"):
        try:
            day = dt.datetime.strptime(written, form).date()  # noqa: DTZ007 - a local day has no zone
        except ValueError:
            continue
        if 1900 <= day.year <= 2199:
            return day
    raise Refusal(
        "« {written} » (colonne « {name} ») n'est pas une date ; écrivez par exemple 31/12/2026.",
        written=written,
        name=name,
    )


def _text(content: bytes) -> str:
    if b"\x00" in content:
        raise Refusal("Ce fichier n'est pas du texte ; enregistrez-le au format CSV (UTF-8).", field="file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _separator(content: bytes) -> str:
    heading = _text(content).partition("\n")[0]
    return max(SEPARATORS, key=heading.count)


def _canonical(cell: str) -> str:
    return " ".join(unicodedata.normalize("NFC", cell).split())


def _check_heading(heading: Sequence[str], columns: Sequence[Column]) -> None:
    known = {column.name for column in columns}
    unknown = [name for name in heading if name not in known]
    missing = [column.name for column in columns if column.required and column.name not in heading]
    twice = sorted({name for name in heading if heading.count(name) > 1 and name in known})
    for names, what in (
        (missing, "Il manque la colonne {}"),
        ([name or "(sans titre)" for name in unknown], "La colonne {} n'est pas du modèle"),
        (twice, "La colonne {} est là deux fois"),
    ):
        if names:
            told = ", ".join(f"« {name[:40]} »" for name in names[:5])
            raise Refusal("{what} ; partez du modèle à télécharger.", field="file", what=what.format(told))
