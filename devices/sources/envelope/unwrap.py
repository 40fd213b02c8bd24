"""From a file as it was dropped to the flows inside it: plain, in an archive, in archives in it, encrypted or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from devices.dialects.measurement import Unreadable
from devices.sources.envelope.archive import LARGEST_IN, LARGEST_OUT, Budget, members
from devices.sources.envelope.cipher import ARCHIVE, decrypt
from devices.sources.envelope.names import is_companion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devices.sources.envelope.keys import Ring

DEEPEST: Final = 2
"""C68 is an archive of archives; nothing is deeper."""
_TEXT: Final = (b"<", b"{", b"[")
_LOOKED_AT: Final = 512


class Content(NamedTuple):
    """A flow: its name, its bytes (read once), and the name of the key that opened its file ("" for none)."""

    name: str
    pieces: Iterable[bytes]
    key: str = ""


def unwrap(name: str, content: bytes, ring: Ring = (), *, largest_out: int = LARGEST_OUT) -> Iterator[Content]:
    """Yield the flows of a file, each to be read before the next; companions of a transfer (`_svc.xml`) are none.

    Raises:
        Unreadable: the file is empty, too large, damaged, of no kind we know, or no key opens it.

    """
    if is_companion(name):
        return
    if not content.strip():
        raise Unreadable("empty", "Le fichier est vide ; attendez qu'il soit déposé en entier.")
    if is_text(content[:_LOOKED_AT]):
        yield Content(name, [content])
        return
    key = ""
    if not content.startswith(ARCHIVE):
        if len(content) > LARGEST_IN:
            raise Unreadable(
                "too_large", "Le fichier dépasse 100 Mo, ce qu'aucun flux ne fait ; demandez-le de nouveau."
            )
        content, key = decrypt(content, ring)
    yield from _inside(content, Budget(largest_out), key, 1)


def _inside(content: bytes, budget: Budget, key: str, depth: int) -> Iterator[Content]:
    empty = True
    for member in members(content, budget):
        if is_companion(member.name):
            continue
        empty = False
        if not member.name.lower().endswith(".zip"):
            yield Content(member.name, member.pieces, key)
            continue
        if depth == DEEPEST:
            raise Unreadable(
                "too_deep",
                "L'archive emboîte plus de deux archives, ce qu'aucun flux ne fait ; demandez-la de nouveau.",
            )
        yield from _inside(_whole(member.pieces), budget, key, depth + 1)
    if empty:
        raise Unreadable("empty", "L'archive ne contient aucun flux ; demandez-la de nouveau.")


def _whole(pieces: Iterable[bytes]) -> bytes:
    held, size = [], 0
    for piece in pieces:
        size += len(piece)
        if size > LARGEST_IN:
            raise Unreadable("too_large", "Une archive intérieure dépasse 100 Mo ; demandez-la de nouveau.")
        held.append(piece)
    return b"".join(held)


def is_text(beginning: bytes) -> bool:
    """Say whether bytes are a flow as it is written: XML, JSON, or CSV (printable, with semicolons)."""
    bare = beginning.removeprefix(b"\xef\xbb\xbf").lstrip()
    try:
        text = bare.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(bare) - 3:
            return False
        text = bare[: error.start].decode("utf-8")
    if not all(sign.isprintable() or sign in "\r\n\t" for sign in text):
        return False
    return bare.startswith(_TEXT) or ";" in text
