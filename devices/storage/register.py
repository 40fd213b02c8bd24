"""Months of readings: listed, made ahead, detached by the rule, attached again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from devices.storage.models import KINDS, DetachedMonth, Retention
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy.orm import Session

SHORTEST, LONGEST = 13, 1200
"""Months a rule may say: a year and the one before it, a century."""

_MONTHS = text("""
    SELECT to_date(substr(c.relname, 10), 'YYYY"m"MM') AS month, n.nspname = 'archive' AS detached,
        greatest(c.reltuples, 0)::bigint AS rows_estimated, pg_total_relation_size(c.oid) AS size_bytes
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname LIKE 'reading\\_y%' AND c.relkind = 'r'
        AND (n.nspname = 'archive' OR n.nspname = 'devices' AND c.relispartition)
    ORDER BY month
""")


@dataclass(frozen=True, slots=True)
class Month:
    """A month (UTC) of readings; `kept_by` says why it stays attached: "retention", "evidence" or "energy"."""

    month: dt.date
    detached: bool
    rows_estimated: int
    size_bytes: int
    kept_by: str | None


def closed_until(session: Session) -> dt.datetime | None:
    """Return the instant up to which readings are closed: the end of the last detached month, None without one."""
    return session.scalar(select(func.devices.readings_closed_until()))


def reading_months(session: Session) -> list[Month]:
    """Return every month that has a table, oldest first; the number of rows is the server's estimate."""
    return [
        Month(
            row.month,
            row.detached,
            row.rows_estimated,
            row.size_bytes,
            None if row.detached else _kept_by(session, row.month),
        )
        for row in session.execute(_MONTHS)
    ]


def _kept_by(session: Session, month: dt.date) -> str | None:
    return session.scalar(select(func.devices.reading_month_kept_by(month)))


def make_months_ahead(session: Session) -> None:
    """Make this month's and the next one's tables; those behind are made when a reading asks for them."""
    session.execute(text("SELECT devices.ensure_reading_partitions(now(), now() + interval '1 month')"))


def detach_months(session: Session) -> list[dt.date]:
    """Detach the months nothing keeps, from the oldest on; return them.

    Raises:
        DBAPIError: somebody has held the readings for two seconds; nothing is done.

    """
    detached = []
    for month in reading_months(session):
        if month.detached:
            continue
        if month.kept_by is not None:
            break
        session.execute(select(func.devices.detach_reading_month(month.month)))
        detached.append(month.month)
    return detached


def attach_month(session: Session, month: dt.date) -> None:
    """Bring `month` back, the one detached last; a session of the owner is needed."""
    latest = session.scalar(select(func.max(DetachedMonth.month)).where(DetachedMonth.attached_at.is_(None)))
    if latest is None:
        raise Refusal("Aucun mois de relevés n'est détaché ; il n'y a rien à rattacher.")
    if month != latest:
        raise Refusal(
            "Les mois se rattachent du plus récent au plus ancien ; commencez par {latest:%Y-%m}.",
            field="month",
            latest=latest,
        )
    try:
        with session.begin_nested():
            session.execute(select(func.devices.attach_reading_month(month)))
    except DBAPIError as error:
        raise Refusal(
            "Le mois {month:%Y-%m} n'a pas pu être rattaché : {orig} ; réessayez.", month=month, orig=error.orig
        ) from None


def retain(session: Session, kind: str, months: int) -> Retention:
    """Set how many `months` rows of `kind` stay at hand."""
    if kind not in KINDS:
        raise Refusal(
            "« {kind} » ne se conserve pas par règle ; écrivez {kinds}.",
            field="kind",
            kind=kind,
            kinds=" ou ".join(KINDS),
        )
    if not SHORTEST <= months <= LONGEST:
        raise Refusal(
            "Une durée de conservation va de {shortest} à {longest} mois ; corrigez-la.",
            field="months",
            shortest=SHORTEST,
            longest=LONGEST,
        )
    return session.scalars(
        update(Retention).where(Retention.kind == kind).values(keep_months=months).returning(Retention)
    ).one()
