"""A delimited text file as rows that remember their line: the door where a file is refused with a line number."""

from __future__ import annotations

import csv
import io
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MOST_BYTES = 1 << 30
"""A file of 1 GiB once unpacked is not a meter's hours; it is refused before it fills the memory."""

_GZIP = b"\x1f\x8b"
_GZIP_FRAME = 31
"""zlib's word for a stream with gzip's header and checksum."""
_PIECE = 1 << 14


def refuse(line: int | None, what: str) -> Refusal:
    """Return the refusal of a line of the file."""
    if line:
        return Refusal("Ligne {line} : {what}", field="file", line=line, what=what)
    return Refusal(what, field="file")


@dataclass(frozen=True)
class Table:
    """The rows of a file under their header; `lines` holds the line of each row, counted from 1."""

    name: str
    header: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    lines: Sequence[int]
    decimal_comma: bool
    """Whether 12,5 may be a number: the separator is not a comma."""

    def column(self, name: str) -> list[str]:
        """Return a column, stripped of blanks. Raises Refusal when the header has no such name, or has it twice."""
        found = [place for place, title in enumerate(self.header) if title == name]
        if not found:
            titles = ", ".join(f"« {title} »" for title in self.header)
            raise refuse(1, f"la colonne « {name} » n'existe pas dans {self.name} ; ses colonnes sont {titles}.")
        if len(found) > 1:
            raise refuse(1, f"la colonne « {name} » existe {len(found)} fois dans {self.name} ; renommez-en une.")
        place = found[0]
        return [row[place].strip() for row in self.rows]

    def where(self, column: str, values: frozenset[str]) -> Table:
        """Return the rows whose `column` is one of `values`. Raises Refusal when there is none."""
        cells = self.column(column)
        kept = [i for i, cell in enumerate(cells) if cell in values]
        if not kept:
            seen = ", ".join(f"« {value} »" for value in sorted(set(cells))[:12])
            wanted = ", ".join(f"« {value} »" for value in sorted(values))
            raise refuse(None, f"Aucune ligne de {self.name} n'a {wanted} dans « {column} » ; on y trouve {seen}.")
        return Table(
            self.name, self.header, [self.rows[i] for i in kept], [self.lines[i] for i in kept], self.decimal_comma
        )


def read_table(path: Path) -> Table:
    """Read a CSV file, plain or gzip, UTF-8 with or without mark, separated by commas, semicolons or tabs.

    Raises Refusal, with the line where there is one, for a file that is missing, empty, cut short, not UTF-8, or of
    which a line has not as many fields as the header.
    """
    text = _text(_unpacked(path), path.name)
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        header = tuple(title.strip() for title in next(reader, []))
        for row in reader:
            if len(row) != len(header):
                if not any(cell.strip() for cell in row):
                    continue
                raise refuse(
                    reader.line_num,
                    f"nombre de champs : {len(row)}, l'en-tête en a {len(header)} ; la ligne est tronquée ou une "
                    "virgule décimale coupe un nombre (séparez alors par des points-virgules).",
                )
            rows.append(row)
            lines.append(reader.line_num)
    except csv.Error:
        raise refuse(reader.line_num, "les guillemets ou les champs ne se lisent pas ; vérifiez cette ligne.") from None
    if not header or not any(header):
        raise refuse(1, f"{path.name} n'a pas d'en-tête ; la première ligne donne le nom des colonnes.")
    if not rows:
        raise refuse(2, f"{path.name} n'a aucune ligne de valeurs sous son en-tête.")
    return Table(path.name, header, rows, lines, separator != ",")


def _unpacked(path: Path) -> bytes:
    """Return the content of the file, unpacked where it is gzip whatever its name says."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise refuse(None, f"{path.name} dépasse 1 Gio ; découpez-le.")
        packed = path.read_bytes()
    except OSError as error:
        raise refuse(
            None, f"{path} ne peut pas être lu ({error.strerror}) ; vérifiez le chemin et les droits."
        ) from None
    return _inflated(packed, path.name) if packed.startswith(_GZIP) else packed


def _inflated(packed: bytes, name: str) -> bytes:
    """Unpack gzip, piece by piece, so that a refusal can say how far the file could be read."""
    content = bytearray()
    stream = zlib.decompressobj(wbits=_GZIP_FRAME)
    view = memoryview(packed)
    try:
        for start in range(0, len(packed), _PIECE):
            piece = bytes(view[start : start + _PIECE])
            while piece:
                if stream.eof:  # another member follows: gzip files may be joined end to end
                    stream = zlib.decompressobj(wbits=_GZIP_FRAME)
                content += stream.decompress(piece)
                piece = stream.unused_data if stream.eof else b""
            if len(content) > MOST_BYTES:
                raise refuse(content.count(b"\n"), f"{name} dépasse 1 Gio une fois décompressé ; découpez-le.")
        whole = stream.eof
    except zlib.error:
        whole = False
    if not whole:
        line = content.count(b"\n") + 1
        raise refuse(line, f"l'archive {name} est tronquée ou abîmée à partir d'ici ; copiez-la de nouveau.")
    return bytes(content)


def _text(content: bytes, name: str) -> str:
    """Decode UTF-8, with or without a byte order mark."""
    if not content.strip():
        raise refuse(1, f"{name} est vide.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise refuse(line, f"{name} n'est pas en UTF-8 ; enregistrez-le de nouveau en « CSV UTF-8 ».") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise refuse(line, f"{name} contient un caractère nul : ce n'est pas un fichier texte, ou il est en UTF-16.")
    return text
