"""What day it is: one place, settable in demonstration and tests only (truth 13)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from foundation.base import Base

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from sqlalchemy.orm import Session


class SetClock(Base):
    """The instant the whole product believes it is, where its clock has been set; at most one row."""

    __tablename__ = "set_clock"
    __table_args__ = (CheckConstraint("id = 1", name="single"), {"schema": "foundation"})

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    now: Mapped[dt.datetime]


def set_clock(session: Session, now: dt.datetime | None) -> None:
    """Make it `now` (UTC) for web and worker, or give the clock back to the machine with None."""
    session.execute(delete(SetClock))
    if now is not None:
        session.add(SetClock(id=1, now=now))
    session.flush()


def now(session: Session, *, settable: bool) -> dt.datetime:
    """Return the instant it is (UTC); a clock that was set counts only where `settable` (mode is not production)."""
    if settable:
        believed: dt.datetime | None = session.scalar(select(SetClock.now))
        if believed is not None:
            return believed
    return dt.datetime.now(dt.UTC)


def today(session: Session, zone: ZoneInfo, *, settable: bool) -> dt.date:
    """Return the local day it is in `zone`."""
    return now(session, settable=settable).astimezone(zone).date()
