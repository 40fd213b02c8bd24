"""The dated table of the European Central Bank's rates: what is known of it, and how a person adds the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from billing.ledger.lateness import half_year_of
from billing.ledger.models import ReferenceRate
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from decimal import Decimal

    from sqlalchemy.orm import Session

LOWEST, HIGHEST = -5, 25
"""Percent; beyond, somebody mistyped."""


def known_rates(session: Session) -> Sequence[ReferenceRate]:
    """Return all rates, the latest first."""
    return session.scalars(select(ReferenceRate).order_by(ReferenceRate.starts_on.desc())).all()


def rate_table(session: Session) -> dict[dt.date, Decimal]:
    """Return percent by first day of the half-year."""
    return {one.starts_on: one.percent for one in known_rates(session)}


def enter_rate(
    session: Session, *, half_year: dt.date, percent: Decimal, source: str, by: str, today: dt.date
) -> ReferenceRate:
    """Add the rate in force on the first day of the half-year `half_year` is in; a published one is never changed."""
    start = half_year_of(half_year)
    if start > today:
        raise Refusal("Ce semestre n'a pas commencé : son taux n'est pas encore connu.", field="half_year")
    if not LOWEST <= percent <= HIGHEST or percent != round(percent, 2):
        raise Refusal(
            "Un taux directeur s'écrit en pour cent, avec deux décimales au plus : 2,15 par exemple.",
            field="percent",
        )
    if session.get(ReferenceRate, start) is not None:
        raise Refusal(
            "Le taux du semestre qui commence le {day} est déjà enregistré.",
            field="half_year",
            day=f"{start:%d/%m/%Y}",
        )
    rate = ReferenceRate(starts_on=start, percent=percent, source=source, entered_by=by)
    session.add(rate)
    session.flush()
    return rate
