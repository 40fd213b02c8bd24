"""Photos from the field: bounded, looked at, written anew without what a camera hides in them."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy import func, select, text

from devices.field.models import Photo
from devices.field.sayings import KEY
from devices.field.words import PHOTOS
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy.orm import Session

LARGEST = 6_000_000
"""Bytes; the phone sends a tenth of it."""
MOST_PIXELS = 24_000_000
MOST_PHOTOS = 20
LONGEST_SIDE = 1600
QUALITY = 82
FORMATS = ("JPEG", "PNG", "WEBP")
KEEP = text("SELECT devices.keep_photo(:content, :name)")


def keep_photo(
    session: Session,
    content: bytes,
    *,
    key: str,
    kind: str,
    sha256: str,
    account_id: int,
    taken_at: dt.datetime,
    latitude: float | None,
    longitude: float | None,
) -> Photo:
    """Keep a photo of submission `key`; the same again is found. Refused: what is no photo, or not the one announced.

    What is kept is drawn anew from the pixels, so that neither a position nor a script travels inside it; the position
    the phone took out of the file stands beside.
    """
    if kind not in PHOTOS or not KEY.fullmatch(key):
        raise Refusal("Cette photo ne dit pas de quoi elle est ; mettez l'application à jour.")
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Refusal("Cette photo est arrivée abîmée ; elle part à nouveau.")
    known = session.scalar(select(Photo).where(Photo.submission_key == key, Photo.sent_sha256 == sha256))
    if known is not None:
        return known
    if (session.scalar(select(func.count()).where(Photo.submission_key == key)) or 0) >= MOST_PHOTOS:
        raise Refusal("Vingt photos par étape au plus ; gardez les plus utiles.")
    drawn, size = redrawn(content)
    name = f"photo-{hashlib.sha256(drawn).hexdigest()[:12]}.jpg"
    photo = Photo(
        submission_key=key,
        account_id=account_id,
        kind=kind,
        sent_sha256=sha256,
        attachment_id=session.scalar(KEEP, {"content": drawn, "name": name}),
        width=size[0],
        height=size[1],
        taken_at=taken_at,
        latitude=latitude,
        longitude=longitude,
    )
    session.add(photo)
    session.flush()
    return photo


def redrawn(content: bytes) -> tuple[bytes, tuple[int, int]]:
    """Return the picture as a JPEG made of its pixels alone, and its size; Refusal for what is no photo."""
    if len(content) > LARGEST:
        raise Refusal("Cette photo est trop lourde ; l'application les réduit : mettez-la à jour.")
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            # From the head of the file, before a pixel is decoded (hostile input 35).
            if picture.width * picture.height > MOST_PIXELS:
                raise Refusal("Cette photo a trop de points ; l'application les réduit : mettez-la à jour.")
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise Refusal("Ce fichier n'est pas une photo que l'on peut lire ; reprenez-la.") from None
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    # A new image: only its pixels are carried over.
    clean = Image.new("RGB", upright.size)
    clean.paste(upright)
    written = io.BytesIO()
    clean.save(written, "JPEG", quality=QUALITY, optimize=True)
    return written.getvalue(), clean.size
