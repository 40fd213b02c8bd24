"""Keep an original once, find it again by its hash."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import select

from foundation.attachments.models import Attachment

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def keep(
    session: Session, content: bytes, *, name: str, media_type: str, shareholder_id: int | None = None
) -> Attachment:
    """Store `content` and return its attachment; the same bytes for the same reader are stored once."""
    digest = hashlib.sha256(content).hexdigest()
    found = session.scalar(
        select(Attachment).where(
            Attachment.sha256 == digest, Attachment.shareholder_id.is_not_distinct_from(shareholder_id)
        )
    )
    if found is not None:
        return found
    attachment = Attachment(
        sha256=digest, name=name, media_type=media_type, content=content, shareholder_id=shareholder_id
    )
    session.add(attachment)
    session.flush()
    return attachment
