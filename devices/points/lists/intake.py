"""Lists taken in whole or not at all, every line with its verdict; tried first without writing anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from devices.points.lists.sheet import check_cells, read_sheet
from devices.points.models import BulkImport
from foundation.attachments.store import keep
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    from sqlalchemy.orm import Session

    from devices.points.lists.sheet import Column, Row


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a line of the file is: "new", "known" (registered already, as it says), or "wrong" with a sentence."""

    line: int
    name: str
    word: str
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of a file: its lines, and the record of it where it was taken in."""

    verdicts: tuple[Verdict, ...]
    taken: BulkImport | None

    def count(self, word: str) -> int:
        """Return how many lines are `word`."""
        return sum(verdict.word == word for verdict in self.verdicts)


@dataclass(frozen=True, slots=True)
class List:
    """A kind of list: its columns, which of them names a line, and what to do with one line.

    `take` registers what a row says and returns True, or False where all of it is registered already; it refuses what
    is wrong or contradicts what is registered.
    """

    kind: str
    columns: Sequence[Column]
    title: str
    take: Callable[[Session, Row], bool]


def take_in(
    session: Session, wanted: List, content: bytes, *, name: str, by: str, now: dt.datetime, dry_run: bool
) -> Intake:
    """Register every row of the file, or none where one is wrong or on a `dry_run`; the original is kept.

    The same rows again are "known" and change nothing. What a dry run says is what happens: it does it, then takes it
    back.
    """
    rows = read_sheet(content, wanted.columns)
    savepoint = session.begin_nested()
    verdicts = tuple(_verdict(session, wanted, row) for row in rows)
    intake = Intake(verdicts, None)
    if dry_run or intake.count("wrong"):
        savepoint.rollback()
        return intake
    savepoint.commit()
    original = keep(session, content, name=name, media_type="text/csv")
    taken = BulkImport(
        kind=wanted.kind,
        attachment_id=original.id,
        rows_new=intake.count("new"),
        rows_known=intake.count("known"),
        imported_by=by,
        imported_at=now,
    )
    session.add(taken)
    session.flush()
    return Intake(verdicts, taken)


def _verdict(session: Session, wanted: List, row: Row) -> Verdict:
    """Take `row`; what a wrong one had begun goes with the whole file."""
    title = row.cells[wanted.title]
    try:
        check_cells(row, wanted.columns)
        return Verdict(row.line, title, "new" if wanted.take(session, row) else "known")
    except Refusal as refusal:
        return Verdict(row.line, title, "wrong", refusal.sentence)


def intakes(session: Session, kind: str) -> Sequence[BulkImport]:
    """Return the files of a kind of list that were taken in, the latest first."""
    return session.scalars(
        select(BulkImport).where(BulkImport.kind == kind).order_by(BulkImport.id.desc()).limit(20)
    ).all()
