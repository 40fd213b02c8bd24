"""CSV of the portal: semicolons, the names of the columns on line 1 or none at all, numbers as text."""

from __future__ import annotations

import csv
import unicodedata
from codecs import getincrementaldecoder
from typing import TYPE_CHECKING, Final

from devices.dialects.measurement import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LONGEST_LINE: Final = 64 * 1024


def rows(
    pieces: Iterable[bytes], columns: Sequence[str], *, spellings: dict[str, str] | None = None
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, cells by the names of `columns`), whether line 1 names the columns or is already a row.

    The guide says both (0503, 2.3 and 4.2.3). Named columns may stand in another order and be more; where none is
    named, they are those of the guide. `spellings` leads from another plain name to the one in `columns`.
    """
    reader = csv.reader(_lines(pieces), delimiter=";", strict=True)
    names = [plain(name) for name in columns]
    other = {plain(was): plain(name) for was, name in (spellings or {}).items()}
    headings = names
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if reader.line_num == 1 and not row[0].strip()[:1].isdigit():
                headings = [other.get(plain(cell), plain(cell)) for cell in row]
                _check(headings, names)
                continue
            if len(row) != len(headings):
                raise Unreadable(
                    "bad_row",
                    "Ligne {line} : {found} cellules pour {wanted} colonnes ; demandez de nouveau le fichier.",
                    line=reader.line_num, found=len(row), wanted=len(headings),
                )  # fmt: skip
            cells = dict(zip(headings, row, strict=True))
            yield reader.line_num, {name: cells.get(key, "").strip() for name, key in zip(columns, names, strict=True)}
    except csv.Error:
        raise Unreadable(
            "not_csv",
            "Ligne {line} : ce n'est pas du CSV à points-virgules ; demandez de nouveau le fichier.",
            line=reader.line_num,
        ) from None


def plain(name: str) -> str:
    """Return a heading without accents, case and doubled spaces."""
    bare = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return " ".join(bare.split()).lower()


def _check(headings: list[str], names: list[str]) -> None:
    for wanted in ("identifiant prm", "valeur"):
        if wanted in names and wanted not in headings:
            raise Unreadable(
                "missing_column",
                "La colonne « {column} » manque ; demandez de nouveau le fichier, sans en changer les intitulés.",
                column=wanted,
            )


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    decoder = getincrementaldecoder("utf-8-sig")()
    held = ""
    try:
        for piece in pieces:
            *whole, held = (held + decoder.decode(piece)).split("\n")
            for line in whole:
                yield line + "\n"
            if len(held) > LONGEST_LINE:
                raise Unreadable(
                    "not_csv", "Une ligne du fichier est trop longue pour du CSV ; demandez-le de nouveau."
                )
        held += decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise Unreadable(
            "not_utf8", "Le fichier n'est pas du texte UTF-8 ; demandez-le de nouveau au gestionnaire de réseau."
        ) from None
    if held:
        yield held
