"""A semicolon or comma CSV, gzip or not, as rows with their line numbers; cells as exact values. Pure."""

from __future__ import annotations

import csv
import datetime as dt
import re
import textwrap
import zlib
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LARGEST: Final = 400 * 1024 * 1024
"""Bytes of an unpacked file: ten years of a whole department, every column."""
GZIP: Final = b"\x1f\x8b"
# Outside, in the shade, on Earth's inhabited surface: anything else is a unit or a sensor that is wrong.
COLDEST, HOTTEST = Decimal(-60), Decimal(60)
FREEZING_K: Final = Decimal("273.15")
ABSENT: Final = frozenset({"", "mq"})
"""How a cell says that there is no value."""
_NUMBER = re.compile(r"[+-]?[0-9]{1,7}([.,][0-9]{1,20})?")
_CODE = re.compile(r"[0-9]{1,2}")
_LONGEST_LIST = 300


class Row(NamedTuple):
    """One line of the file, by column name."""

    line: int
    cells: dict[str, str]


def unpacked(content: bytes) -> str:
    """Return the text of a file, gzip or not.

    Raises:
        Refusal: it is cut short, too large once unpacked, or not UTF-8.

    """
    if content.startswith(GZIP):
        content = _gunzipped(content)
    if len(content) > LARGEST:
        raise Refusal("Le fichier est trop grand ; découpez-le par station ou par période.", field="file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Refusal(
            "Ligne {line} : le fichier n'est pas en UTF-8 ; enregistrez-le en CSV UTF-8.", field="file", line=line
        ) from None


def _gunzipped(content: bytes) -> bytes:
    inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        plain = inflate.decompress(content, LARGEST + 1)
    except zlib.error:
        raise Refusal("Le fichier compressé est abîmé ; téléchargez-le à nouveau.", field="file") from None
    if len(plain) <= LARGEST and not inflate.eof:
        raise Refusal("Le fichier compressé est incomplet ; téléchargez-le à nouveau.", field="file")
    return plain


def header_of(text: str) -> list[str]:
    """Return the names of the columns, first line."""
    line = text.split("\n", 1)[0].strip("\r\n ")
    return [name.strip().strip('"') for name in line.split(separator_of(line))]


def separator_of(line: str) -> str:
    """Return what parts the cells of `line`."""
    return ";" if line.count(";") >= line.count(",") else ","


def demand(header: Sequence[str], *columns: str) -> None:
    """Refuse a file that lacks one of `columns`."""
    for column in columns:
        if column not in header:
            found = textwrap.shorten(", ".join(header), _LONGEST_LIST, placeholder="…") or "-"
            raise Refusal(
                "La colonne « {column} » manque ; le fichier contient : {found}.",
                field="file",
                column=column,
                found=found,
            )


def rows(text: str, *, only: str | None = None) -> Iterator[Row]:
    """Yield the rows under the header; with `only`, those whose line contains that text (a station's code)."""
    header = header_of(text)
    separator = separator_of(text.split("\n", 1)[0])
    for line_number, written in enumerate(text.split("\n")[1:], 2):
        line = written.rstrip("\r")
        if not line.strip() or (only is not None and only not in line):
            continue
        try:
            cells = next(csv.reader([line], delimiter=separator))
        except csv.Error:
            raise no_table(line_number) from None
        if len(cells) != len(header):
            raise Refusal(
                "Ligne {line} : {found} cellules pour {expected} colonnes ; le fichier est incomplet ou abîmé,"
                " téléchargez-le à nouveau.",
                field="file",
                line=line_number,
                found=len(cells),
                expected=len(header),
            )
        yield Row(line_number, dict(zip(header, cells, strict=True)))


def no_table(line: int) -> Refusal:
    """Return the refusal of what is no CSV."""
    return Refusal(
        "Ligne {line} : ce n'est pas un tableau CSV lisible ; ouvrez le fichier dans un tableur et enregistrez-le en"
        " CSV UTF-8.",
        field="file",
        line=line,
    )


def number(cell: str, line: int, column: str) -> Decimal | None:
    """Return a number written with a point or a comma; None where there is none."""
    written = cell.strip()
    if written in ABSENT:
        return None
    if not _NUMBER.fullmatch(written):
        raise Refusal(
            "Ligne {line} : « {cell} », colonne {column}, n'est pas un nombre.",
            field="file",
            line=line,
            cell=written[:40],
            column=column,
        )
    return Decimal(written.replace(",", "."))


def celsius(cell: str, line: int, column: str) -> Decimal | None:
    """Return a temperature written in °C."""
    return possible(number(cell, line, column), line)


def kelvin(cell: str, line: int, column: str) -> Decimal | None:
    """Return a temperature written in kelvins, as °C: K - 273.15."""
    read = number(cell, line, column)
    return possible(None if read is None else read - FREEZING_K, line)


def possible(value: Decimal | None, line: int) -> Decimal | None:
    """Return `value` (°C); refuse what cannot be measured outdoors: its unit is another one."""
    if value is not None and not COLDEST <= value <= HOTTEST:
        raise Refusal(
            "Ligne {line} : {celsius} °C est impossible dehors ; le fichier est-il dans l'unité de son format"
            " (degrés Celsius ou kelvins) ?",
            field="file",
            line=line,
            celsius=value,
        )
    return value


def quality(cell: str, line: int, column: str) -> int | None:
    """Return a quality code; None where there is none."""
    written = cell.strip()
    if written in ABSENT:
        return None
    if not _CODE.fullmatch(written):
        raise Refusal(
            "Ligne {line} : « {cell} », colonne {column}, n'est pas un code de qualité.",
            field="file",
            line=line,
            cell=written[:40],
            column=column,
        )
    return int(written)


def stamp(cell: str, line: int, patterns: dict[int, str]) -> dt.datetime:
    """Return an instant (UTC) written with digits only; `patterns` by number of digits."""
    written = cell.strip()
    pattern = patterns.get(len(written))
    if pattern is None or not written.isascii() or not written.isdigit():
        raise no_date(cell, line)
    try:
        return dt.datetime.strptime(written, pattern).replace(tzinfo=dt.UTC)
    except ValueError:
        raise no_date(cell, line) from None


def iso_stamp(cell: str, line: int) -> dt.datetime:
    """Return an instant written in ISO 8601 with its offset, in UTC."""
    try:
        written = dt.datetime.fromisoformat(cell.strip())
        instant = written.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise no_date(cell, line) from None
    if written.tzinfo is None:
        raise no_date(cell, line)
    return instant


def no_date(cell: str, line: int) -> Refusal:
    """Return the refusal of a cell that is no date in the format of its file."""
    return Refusal(
        "Ligne {line} : « {cell} » n'est pas une date de ce format de fichier.",
        field="file",
        line=line,
        cell=cell.strip()[:40],
    )
