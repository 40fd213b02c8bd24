"""JSON read a measure at a time: the header, then each object of the one long list, and no more memory than one."""

from __future__ import annotations

import json
import re
from codecs import getincrementaldecoder
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Never

from devices.dialects.measurement import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST: Final = 256 * 1024 * 1024
"""Signs of one measure: 36 months of 5 minutes of six quantities are a third of it."""
_LIST = re.compile(r"\"(?:mesures|prms|pointsDeMesure)\"\s*:\s*\[")
_SPACE: Final = " \t\r\n,"
_FIRST: Final = 64 * 1024


def measures(pieces: Iterable[bytes]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line, object) of each measure, numbers as Decimal; of C68 too, which may be a list without a header.

    Raises:
        Unreadable: what was read is no JSON, ends too early, or holds no list of measures.

    """
    text = _Text(pieces)
    text.enter()
    while True:
        found = text.next_object()
        if found is None:
            return
        yield found


def header_of(beginning: str) -> dict[str, str]:
    """Return the fields of a header as far as `beginning` shows them: they are flat texts."""
    return dict(
        re.findall(r"\"(codeFlux|modePublication|typeDestinataire|format)\"\s*:\s*\"([^\"]{0,40})\"", beginning)
    )


def _constant(literal: str) -> Never:
    raise Unreadable(
        "not_a_number", "« {literal} » n'est pas un nombre ; demandez de nouveau le fichier.", literal=literal
    )


_DECODER: Final = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal, parse_constant=_constant)


class _Text:
    """The part of the file that is not read yet; grows until the object that begins it is whole."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._decode = getincrementaldecoder("utf-8-sig")()
        self._held = ""
        self._at = 0
        self._line = 1
        self._ended = False

    def enter(self) -> None:
        """Go to the first object of the list."""
        while not self._held.strip() and self._more(1):
            pass
        self._skip_space()
        if self._held.startswith("[", self._at):
            self._move(self._at + 1)
            return
        while True:
            found = _LIST.search(self._held, self._at)
            if found:
                self._move(found.end())
                return
            if not self._more(_FIRST) or len(self._held) > LONGEST:
                raise Unreadable(
                    "not_json",
                    "Le fichier n'a pas de liste de mesures ; vérifiez que c'est un flux JSON d'Enedis et qu'il est"
                    " entier.",
                )

    def next_object(self) -> tuple[int, dict[str, Any]] | None:
        """Return the next object and the line it begins on; None at the end of the list."""
        self._skip_space()
        while self._at >= len(self._held):
            if not self._more(1):
                raise self._cut()
            self._skip_space()
        if self._held[self._at] == "]":
            self._finish()
            return None
        wanted = _FIRST
        while True:
            try:
                found, end = _DECODER.raw_decode(self._held, self._at)
            except (json.JSONDecodeError, RecursionError) as error:
                # Either it is cut, and twice as much may do, or it is wrong and all of the file will not.
                if isinstance(error, RecursionError) or len(self._held) > LONGEST or not self._more(wanted):
                    raise self._cut() from None
                wanted = len(self._held)
                continue
            if not isinstance(found, dict):
                raise self._cut()
            line = self._line
            self._move(end)
            return line, found

    def _more(self, wanted: int) -> bool:
        """Read at least `wanted` signs further; say whether anything came."""
        self._held, self._at = self._held[self._at :], 0
        parts, got = [self._held], 0
        try:
            for piece in self._pieces:
                part = self._decode.decode(piece)
                parts.append(part)
                got += len(part)
                if got >= wanted:
                    break
            else:
                parts.append(self._decode.decode(b"", final=True))
        except UnicodeDecodeError:
            raise Unreadable(
                "not_utf8", "Le fichier n'est pas du texte UTF-8 ; demandez-le de nouveau au gestionnaire de réseau."
            ) from None
        self._held = "".join(parts)
        return got > 0

    def _move(self, end: int) -> None:
        self._line += self._held.count("\n", self._at, end)
        self._at = end

    def _skip_space(self) -> None:
        end = self._at
        while end < len(self._held) and self._held[end] in _SPACE:
            end += 1
        self._move(end)

    def _finish(self) -> None:
        """Read to the end: a file that was cut after its list lost its end all the same."""
        opened = "".join(self._held[self._at + 1 :].split())
        while self._more(_FIRST):
            opened = "".join(self._held[1:].split())
        if opened and not opened.endswith(("}", "]")):
            raise self._cut()

    def _cut(self) -> Unreadable:
        return Unreadable(
            "not_json",
            "Le fichier n'est pas du JSON entier (vers la ligne {line}) ; demandez-le de nouveau au gestionnaire de"
            " réseau.",
            line=self._line,
        )
