"""An original, never changed once stored."""

from __future__ import annotations

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from foundation.base import Base, created, identifier


class Attachment(Base):
    """Bytes as they arrived or were first rendered; `shareholder_id` says which municipality may read them."""

    __tablename__ = "attachment"
    __table_args__ = (
        UniqueConstraint("sha256", "shareholder_id", postgresql_nulls_not_distinct=True),
        {"schema": "foundation"},
    )

    id: Mapped[identifier]
    sha256: Mapped[str]
    name: Mapped[str]
    media_type: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    # A number, not a foreign key: shareholders belong to the floor above.
    shareholder_id: Mapped[int | None] = mapped_column(index=True)
    created_at: Mapped[created]
