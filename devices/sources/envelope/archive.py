"""Archives read within bounds: 100 MB in, 10 GB out, a member at a time, and no name is ever a path."""

from __future__ import annotations

import zipfile
import zlib
from typing import TYPE_CHECKING, Final, NamedTuple

from devices.dialects.measurement import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST_IN: Final = 100 * 1024 * 1024
LARGEST_OUT: Final = 10 * 1024**3
"""Guide 0503: no archive is larger, nor its content."""
MOST_MEMBERS: Final = 100_000
PIECE: Final = 256 * 1024
_ENCRYPTED: Final = 1


class Budget:
    """Bytes that may still come out of a file and of the archives inside it."""

    def __init__(self, left: int = LARGEST_OUT) -> None:
        self._left = left

    def spend(self, size: int) -> None:
        """Count `size` bytes; `Unreadable` once there are more than may be."""
        self._left -= size
        if self._left < 0:
            raise Unreadable(
                "too_large",
                "L'archive se déplie au-delà de 10 Go, ce qu'aucun flux ne fait ; ne l'ouvrez pas et signalez-la.",
            )


class Member(NamedTuple):
    """A file inside an archive; `pieces` are read once."""

    name: str
    pieces: Iterator[bytes]


def members(content: bytes, budget: Budget) -> Iterator[Member]:
    """Yield the files of an archive in its order; each is read before the next is asked for.

    Raises:
        Unreadable: `too_large`, `bad_name` (a path), `corrupt` (cut, damaged, encrypted or compressed another way).

    """
    if len(content) > LARGEST_IN:
        raise Unreadable("too_large", "L'archive dépasse 100 Mo, ce qu'aucun flux ne fait ; demandez-la de nouveau.")
    try:
        with zipfile.ZipFile(_View(content)) as archive:
            found = archive.infolist()
            if len(found) > MOST_MEMBERS:
                raise Unreadable("too_large", "L'archive contient plus de 100 000 fichiers ; demandez-la de nouveau.")
            for one in found:
                if one.is_dir():
                    continue
                _check(one)
                yield Member(one.filename, _pieces(archive, one, budget))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError):
        raise _corrupt() from None


def _pieces(archive: zipfile.ZipFile, one: zipfile.ZipInfo, budget: Budget) -> Iterator[bytes]:
    try:
        with archive.open(one) as opened:
            while piece := opened.read(PIECE):
                budget.spend(len(piece))
                yield piece
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError):
        raise _corrupt() from None


def _check(one: zipfile.ZipInfo) -> None:
    name = one.orig_filename
    if any(sign in name for sign in "/\\:\0") or name in {"", ".", ".."}:
        raise Unreadable(
            "bad_name",
            "L'archive contient un nom qui est un chemin ; aucun flux n'en contient : ne l'ouvrez pas et signalez-la.",
        )
    if one.flag_bits & _ENCRYPTED:
        raise _corrupt()


def _corrupt() -> Unreadable:
    return Unreadable(
        "corrupt", "L'archive est abîmée ou incomplète ; attendez son dépôt entier, ou demandez-la de nouveau."
    )


class _View:
    """Bytes as `zipfile` reads them: this room opens no file."""

    def __init__(self, content: bytes) -> None:
        self._content = memoryview(content)
        self._at = 0

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to `offset` from the start, from here, or from the end."""
        base = (0, self._at, len(self._content))[whence]
        if base + offset < 0:
            raise OSError("before the start")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        """Say where we are."""
        return self._at

    def seekable(self) -> bool:
        """Say that it can go anywhere."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next `size` bytes, or all that are left."""
        end = len(self._content) if size is None or size < 0 else min(len(self._content), self._at + size)
        found = bytes(self._content[self._at : end])
        self._at = max(self._at, end)
        return found

    def close(self) -> None:
        """Do nothing: nothing is open."""
