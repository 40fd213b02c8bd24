"""Which boundary which agreement shares, from when to when: never two agreements for the same measures."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from contracts.agreements.models import Agreement, Coverage
from contracts.agreements.versions import term_in_force
from foundation.errors import Refusal
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.orm import Session

EVERY_MEASURE: Range[int] = Range(None, None)


def cover(
    session: Session,
    agreement: Agreement,
    *,
    boundary_id: int,
    boundary: str,
    start: dt.date,
    measures: Collection[int] = (),
) -> list[Coverage]:
    """Say that `agreement` shares a boundary from `start` to its end: of `measures`, or of every one if none is told.

    Refused where another agreement shares it already during some of these days; an exclusion constraint sees to it
    where two are signed at once.
    """
    first, end = bounds(term_in_force(agreement))
    period: Range[dt.date] = Range(max(start, first), end)
    if start >= end:
        raise Refusal(
            "« {boundary} » commencerait après la fin de l'accord ; choisissez un premier jour plus tôt.",
            boundary=boundary,
        )
    ranges: list[Range[int]] = [Range(one, one + 1) for one in sorted(set(measures))] or [EVERY_MEASURE]
    for of in ranges:
        _demand_free(session, boundary_id, boundary, of, period)
    rows = [
        Coverage(agreement=agreement, boundary_id=boundary_id, boundary=boundary, measures=of, period=period)
        for of in ranges
    ]
    session.add_all(rows)
    session.flush()
    return rows


def covered_until(agreement: Agreement) -> dict[int, dt.date]:
    """Return of each boundary that left the agreement before its end the first day it is no longer shared."""
    _, end = bounds(term_in_force(agreement))
    last: dict[int, dt.date] = {}
    for row in agreement.coverages:
        upper = row.period.upper if not row.period.isempty else dt.date.min
        last[row.boundary_id] = max(last.get(row.boundary_id, dt.date.min), upper or dt.date.max)
    return {boundary: until for boundary, until in last.items() if until < end}


def end_coverage(session: Session, agreement: Agreement, on: dt.date, *, boundary_id: int | None = None) -> None:
    """Let one boundary of `agreement`, or all of them, leave on day `on`."""
    for row in agreement.coverages:
        if boundary_id not in {None, row.boundary_id} or row.period.isempty:
            continue
        start, end = bounds(row.period)
        row.period = Range(start, min(end, on)) if start < on else Range(empty=True)
    session.flush()


def move_end(session: Session, agreement: Agreement, before: dt.date | None, after: dt.date | None) -> None:
    """Let what was shared until the agreement's end `before` be shared until `after`."""
    if before == after:
        return
    for row in agreement.coverages:
        if row.period.isempty or row.period.upper != before:
            continue
        start, _ = bounds(row.period)
        longer: Range[dt.date] = Range(start, after) if after is None or start < after else Range(empty=True)
        if after is not None and before is not None and after > before:
            _demand_free(session, row.boundary_id, row.boundary, row.measures, Range(before, after))
        row.period = longer
    session.flush()


def _demand_free(
    session: Session, boundary_id: int, boundary: str, measures: Range[int], period: Range[dt.date]
) -> None:
    other = session.scalar(
        select(Coverage)
        .where(
            Coverage.boundary_id == boundary_id,
            Coverage.measures.op("&&")(measures),
            Coverage.period.op("&&")(period),
        )
        .limit(1)
    )
    if other is not None:
        first, end = bounds(other.period)
        raise Refusal(
            "« {boundary} » est déjà partagé par l'accord {number}, du {first} au {last} :"
            " une économie ne se partage"
            " qu'une fois. Retirez-le de l'un des deux par avenant.",
            boundary=boundary,
            number=other.agreement.number,
            first=f"{first:%d/%m/%Y}",
            last=f"{end - dt.timedelta(days=1):%d/%m/%Y}",
        )
