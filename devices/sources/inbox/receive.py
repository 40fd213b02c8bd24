"""Files of a folder, each kept once by its hash: read, never moved, never changed."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import select

from devices.sources.envelope.archive import LARGEST_IN
from devices.sources.envelope.names import is_companion
from devices.sources.inbox.models import SourceDrop, SourceFile
from foundation.attachments.store import keep
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

UNFINISHED: Final = (".part", ".filepart", ".tmp")
"""Names that clients of SFTP give to a file while they write it."""
MOST_BYTES: Final = 200 * 1024 * 1024
"""Taken in one transaction; what is left is taken the next time."""
_PIECE: Final = 1024 * 1024


class Seen(NamedTuple):
    """A file that lies in the folder."""

    path: Path
    name: str
    size: int
    written_at: dt.datetime


def seen_in(folder: Path, *, written_before: dt.datetime) -> list[Seen]:
    """Return the files of `folder` in the order of their names; those still being written, links and companions not.

    Raises:
        Refusal: the folder cannot be read.

    """
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if not entry.is_file(follow_symlinks=False) or entry.name.startswith("."):
                    continue
                if is_companion(entry.name) or entry.name.lower().endswith(UNFINISHED):
                    continue
                status = entry.stat(follow_symlinks=False)
                written_at = dt.datetime.fromtimestamp(status.st_mtime, dt.UTC)
                if written_at < written_before:
                    found.append(Seen(Path(entry.path), _name(entry.name), status.st_size, written_at))
    except OSError as error:
        raise Refusal(
            "Le dossier {folder} ne peut pas être lu ({why}) ; vérifiez son chemin et ses droits.",
            folder=folder,
            why=error.strerror,
        ) from None
    return sorted(found, key=lambda one: one.name)


def receive(session: Session, seen: list[Seen], *, now: dt.datetime) -> int:
    """Keep what has not been read before, the same bytes once; return how many files were read, 0 at the end."""
    known = {
        tuple(row)
        for row in session.execute(
            select(SourceDrop.name, SourceDrop.size, SourceDrop.written_at).where(
                SourceDrop.name.in_({one.name for one in seen})
            )
        )
    }
    read, taken = 0, 0
    for one in seen:
        if (one.name, one.size, one.written_at) in known:
            continue
        if taken and taken + one.size > MOST_BYTES:
            break
        taken += one.size
        try:
            digest, content = _read(one.path)
        except OSError:
            continue  # taken away or closed since it was listed; it is found again if it comes back
        file = session.scalar(select(SourceFile).where(SourceFile.sha256 == digest))
        if file is None:
            file = _kept(session, one, digest, content, now)
        session.add(SourceDrop(file=file, name=one.name, size=one.size, written_at=one.written_at, received_at=now))
        session.flush()
        read += 1
    return read


def _kept(session: Session, one: Seen, digest: str, content: bytes | None, now: dt.datetime) -> SourceFile:
    file = SourceFile(sha256=digest, name=one.name, size=one.size, received_at=now)
    if content is None:
        file.state, file.reason, file.processed_at = "refused", "too_large", now
        file.sentence = "Le fichier dépasse 100 Mo, ce qu'aucun flux ne fait ; demandez-le de nouveau."
    else:
        file.attachment = keep(session, content, name=one.name, media_type="application/octet-stream")
    session.add(file)
    return file


def _read(path: Path) -> tuple[str, bytes | None]:
    """Return the SHA-256 of a file and its bytes; None for the bytes of one larger than any flow."""
    digest, held, size = hashlib.sha256(), [], 0
    for piece in _pieces(path):
        digest.update(piece)
        size += len(piece)
        if size <= LARGEST_IN:
            held.append(piece)
    return digest.hexdigest(), b"".join(held) if size <= LARGEST_IN else None


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as opened:
        while piece := opened.read(_PIECE):
            yield piece


def _name(name: str) -> str:
    """Return a name as the database can keep it: printable, of a reasonable length."""
    readable = name.encode("utf-8", "backslashreplace").decode()
    return "".join(sign if sign.isprintable() else "?" for sign in readable)[:200]
