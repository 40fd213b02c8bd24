"""The door for files people send as evidence: bounded, known by what they hold, pictures drawn anew.

Neither the name nor the type a browser announces says what a file is (OWASP ASVS 5.0, 5.2). A picture is kept as its
pixels alone: no position, no script, no second file behind it (hostile input 35).
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from typing import TYPE_CHECKING, Any, NamedTuple

from PIL import Image, ImageOps, UnidentifiedImageError

from foundation.errors import Refusal
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAVIEST = 20 * 1024 * 1024
"""Bytes of one file."""
MOST_PIXELS = 50_000_000
PICTURES = {
    "JPEG": ("image/jpeg", "JPEG", ".jpg"),
    "PNG": ("image/png", "PNG", ".png"),
    "WEBP": ("image/png", "PNG", ".png"),
}
"""What a picture may arrive as; what it is kept as, and how its name ends then."""
MOST_ENTRIES, LARGEST_UNPACKED = 2_000, 200 * 1024 * 1024
OFFICE = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
LONGEST_NAME = 120
UNKNOWN = N_("Ce genre de fichier n'est pas reçu ; envoyez un PDF, une image JPEG ou PNG, un document Word ou Excel.")
_UNFIT = re.compile(r"[^\w .,()'’\-]+")


class Piece(NamedTuple):
    """A file that may be kept and given back."""

    name: str
    media_type: str
    content: bytes


def pieces_of(files: Sequence[Any], *, field: str, heaviest: int = HEAVIEST) -> list[Piece]:
    """Return the files of a form's field, each through `accepted`; those left empty are left out."""
    sent = [one for one in files if getattr(one, "filename", "")]
    return [accepted(one.file.read(heaviest + 1), one.filename, field=field, heaviest=heaviest) for one in sent]


def accepted(content: bytes, name: str, *, field: str = "file", heaviest: int = HEAVIEST) -> Piece:
    """Return `content` as it is kept: a PDF, a picture drawn anew, an office document, a plain text.

    Raises:
        Refusal: it is empty, too heavy, or none of these.

    """
    if not content:
        raise Refusal("Ce fichier est vide ; choisissez-en un autre.", field=field)
    if len(content) > heaviest:
        raise Refusal(
            "Ce fichier dépasse {most} Mo ; envoyez-le plus léger.", field=field, most=heaviest // (1024 * 1024)
        )
    if content.startswith(b"%PDF-"):
        return Piece(_named(name, ".pdf"), "application/pdf", content)
    if content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")):
        return _picture(content, name, field)
    if content.startswith(b"PK\x03\x04"):
        return _office(content, name, field)
    return _text(content, name, field)


def _picture(content: bytes, name: str, field: str) -> Piece:
    try:
        with Image.open(io.BytesIO(content), formats=tuple(PICTURES)) as picture:
            media_type, kept_as, ending = PICTURES[str(picture.format)]
            # From the head of the file, before a pixel is decoded.
            if picture.width * picture.height > MOST_PIXELS:
                raise Refusal("Cette image a trop de points ; réduisez-la.", field=field)
            upright = ImageOps.exif_transpose(picture).convert("RGB" if kept_as == "JPEG" else "RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise Refusal("Cette image ne se lit pas ; enregistrez-la de nouveau en JPEG ou en PNG.", field=field) from None
    clean = Image.new(upright.mode, upright.size)
    clean.paste(upright)
    written = io.BytesIO()
    clean.save(written, kept_as, **({"quality": 88} if kept_as == "JPEG" else {}))
    return Piece(_named(name, ending), media_type, written.getvalue())


def _office(content: bytes, name: str, field: str) -> Piece:
    """Judge a document by its table of contents, before anything is unpacked (hostile input 32)."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        entries = []
    names = [entry.filename for entry in entries]
    kind = next((kind for part, kind in OFFICE.items() if any(one.startswith(part) for one in names)), None)
    if "[Content_Types].xml" not in names or kind is None:
        raise Refusal(UNKNOWN, field=field)
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > LARGEST_UNPACKED:
        raise Refusal("Ce document est trop grand une fois ouvert ; enregistrez-le en PDF.", field=field)
    return Piece(_named(name, ".docx" if "wordprocessing" in kind else ".xlsx"), kind, content)


def _text(content: bytes, name: str, field: str) -> Piece:
    try:
        written = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refusal(UNKNOWN, field=field) from None
    # What a browser could take for a page or a drawing is no plain text.
    if "\0" in written or written.lstrip()[:1] == "<":
        raise Refusal(UNKNOWN, field=field)
    return Piece(_named(name, ".txt" if not name.lower().endswith(".csv") else ".csv"), "text/plain", content)


def _named(name: str, ending: str) -> str:
    """Return the last part of `name`, in signs every file system takes, ending as what it is."""
    last = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    stem = _UNFIT.sub("-", last.rpartition(".")[0] or last).strip(" .") or "piece"
    return stem[:LONGEST_NAME] + ending
