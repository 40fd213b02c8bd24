"""From the bytes of a file to numbered rows, a line at a time, within limits."""

from __future__ import annotations

import codecs
import csv
from typing import TYPE_CHECKING, Final, NamedTuple

from devices.imports.cells import clean, quoted
from devices.imports.profile import ENCODINGS, OPTIONAL, REQUIRED, ROLE_WORDS
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from devices.imports.profile import Profile

LARGEST: Final = 200 * 1024 * 1024
"""Bytes: more than 1.5 million rows of a load curve. Operators cut their own files at 100 MB zipped."""
LONGEST_LINE: Final = 64 * 1024
MOST_COLUMNS: Final = 400
_ELSEWHERE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Cells(NamedTuple):
    """One row: its line in the file, and the cells of the roles the profile names ("" where one is empty)."""

    line: int
    of: dict[str, str]


def check_whole(content: bytes, name: str) -> None:
    """Refuse what no profile could read: nothing, too much, another kind of file."""
    if len(content) > LARGEST:
        raise Refusal(
            "{name} fait {size} Mo, plus que les {largest} Mo acceptés ; coupez-le par année ou par point.",
            field="file",
            name=name,
            size=len(content) // 1024**2,
            largest=LARGEST // 1024**2,
        )
    if not content.strip(codecs.BOM_UTF8 + b" \t\r\n"):
        raise Refusal("{name} est vide ; vérifiez l'export, puis recommencez.", field="file", name=name)
    if content.startswith(b"PK\x03\x04"):
        raise Refusal(
            "{name} est un classeur ou une archive ; enregistrez la feuille en CSV UTF-8.", field="file", name=name
        )
    if content.startswith(_ELSEWHERE) or b"\0" in content:
        raise Refusal(
            "{name} contient des octets nuls (UTF-16 ou fichier abîmé) ; enregistrez-le en CSV UTF-8.",
            field="file",
            name=name,
        )


def rows(content: bytes, profile: Profile) -> Iterator[Cells]:
    """Yield the rows of `content` that count.

    Raises:
        Refusal: a heading is missing or written twice, a row has more cells than headings, or the bytes are not in
            the encoding the profile says; the sentence names the line.

    """
    # `strict`: a quote in the middle of a cell, or never closed, is refused instead of guessed.
    reader = csv.reader(_lines(content, profile.encoding), delimiter=profile.separator, strict=True)
    try:
        headings = [clean(heading) for heading in next(reader, [])]
        places = _places(headings, profile)
        filters = [(headings.index(heading), clean(wanted)) for heading, wanted in profile.keep.items()]
        for row in reader:
            if not any(cell and not cell.isspace() for cell in row):
                continue
            if len(row) != len(headings):
                raise Refusal(
                    "Ligne {line} : {cells} cellules pour {columns} colonnes ; vérifiez le séparateur et les guillemets"
                    " de cette ligne.",
                    field="file",
                    line=reader.line_num,
                    cells=len(row),
                    columns=len(headings),
                )
            if all(clean(row[place]) == wanted for place, wanted in filters):
                yield Cells(reader.line_num, {role: row[place].strip() for role, place in places.items()})
    except csv.Error:
        raise Refusal(
            "Ligne {line} : ce n'est pas une ligne CSV lisible (guillemet ou cellule trop longue) ; corrigez-"
            "la, ou enregistrez le fichier de nouveau.",
            field="file",
            line=reader.line_num,
        ) from None


def _places(headings: Sequence[str], profile: Profile) -> dict[str, int]:
    """Return where the column of each role stands."""
    if len(headings) > MOST_COLUMNS:
        raise Refusal(
            "Ligne 1 : {columns} colonnes, plus que les {most} acceptées.",
            field="file",
            columns=len(headings),
            most=MOST_COLUMNS,
        )
    wanted = {
        role: clean(profile.columns[role])
        for role in (*REQUIRED[profile.kind], *OPTIONAL.get(profile.kind, ()))
        if profile.columns.get(role)
    }
    for heading in (*wanted.values(), *map(clean, profile.keep)):
        times = headings.count(heading)
        if times != 1:
            what = "manque" if not times else "est écrite deux fois"
            raise Refusal(
                "Ligne 1 : la colonne {heading} {what} ; le fichier contient : {found}.",
                field="file",
                heading=quoted(heading),
                what=what,
                found=", ".join(quoted(one) for one in headings[:30]) or "aucune colonne",
            )
    return {role: headings.index(heading) for role, heading in wanted.items()}


def heading_of(profile: Profile, role: str) -> str:
    """Return the heading of the column of `role`, or its name where the profile names none."""
    return profile.columns.get(role) or ROLE_WORDS[role]


def _lines(content: bytes, encoding: str) -> Iterator[str]:
    """Yield the lines of `content`, decoded one by one so that a wrong byte is told with its line."""
    start = len(codecs.BOM_UTF8) if content.startswith(codecs.BOM_UTF8) else 0
    number = 0
    while start < len(content):
        end = content.find(b"\n", start) + 1 or len(content)
        number += 1
        if end - start > LONGEST_LINE:
            raise Refusal(
                "Ligne {number} : plus de {longest} ko ; ce n'est pas un tableau.",
                field="file",
                number=number,
                longest=LONGEST_LINE // 1024,
            )
        try:
            yield content[start:end].decode(encoding)
        except UnicodeDecodeError:
            raise Refusal(
                "Ligne {number} : un octet n'est pas du {encoding} ; corrigez l'encodage du profil.",
                field="file",
                number=number,
                encoding=ENCODINGS[encoding],
            ) from None
        start = end
