"""What the first page tells: each point and what it last said, what waits, what was avoided and invoiced."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import case, func, select

from baseline.reports.models import SavingsReport
from billing.einvoice.model import CREDIT_NOTE
from billing.invoices.models import Invoice
from billing.settlements.models import Settlement
from contracts.parties.models import Shareholder
from contracts.sites.models import Building, Holding
from devices.alerts.kinds import Kind
from devices.alerts.models import Alert
from devices.ingest.latest import Latest, latest_readings
from devices.ingest.models import DeadLetter
from devices.inventory.models import Installation
from devices.points.models import MeteringPoint

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class PointNow:
    """A metering point, who holds its building today, and what it last said."""

    point: MeteringPoint
    shareholder: Shareholder | None
    latest: Latest | None
    state: str
    """ "heard", "silent", "waiting", or "bare" where no device serves it."""


_URGENCY = {"silent": 0, "waiting": 1, "bare": 2, "heard": 3}


def points_now(session: Session, now: dt.datetime, today: dt.date) -> list[PointNow]:
    """Return every point the reader sees: silent ones first, then by shareholder and building."""
    rows = session.execute(
        select(MeteringPoint, Shareholder)
        .join(Building, Building.id == MeteringPoint.building_id)
        .outerjoin(Holding, (Holding.building_id == Building.id) & Holding.period.op("@>")(today))
        .outerjoin(Shareholder, Shareholder.id == Holding.shareholder_id)
        .order_by(Shareholder.name, Building.name, MeteringPoint.id)
    ).all()
    latest = latest_readings(session, [point.id for point, _ in rows], now)
    points = []
    for point, shareholder in rows:
        last = latest.get(point.id)
        points.append(PointNow(point, shareholder, last, last.state(now) if last else "bare"))
    return sorted(points, key=lambda one: _URGENCY[one.state])


def point_counts(session: Session, now: dt.datetime) -> dict[str, int]:
    """Return how many points are served and heard, and how many are silent by an open alert, without reading one."""
    sensors = ~Installation.quantity.startswith("file_", autoescape=True)
    served = select(Installation.point_id).where(Installation.period.op("@>")(now), sensors).distinct()
    alerts = select(Alert.point_id).where(Alert.state == "open", Alert.kind == Kind.SILENCE.value).distinct()
    counted = {
        name: select(func.count()).select_from(query.subquery())
        for name, query in (("served", served), ("silent", alerts))
    }
    numbers = {name: session.scalar(query) or 0 for name, query in counted.items()}
    return {"silent": numbers["silent"], "heard": max(numbers["served"] - numbers["silent"], 0)}


@dataclass(frozen=True, slots=True)
class Savings:
    """What the latest report of each plan says, summed: kWh avoided, of which baseline, over how many boundaries."""

    avoided_kwh: Decimal
    baseline_kwh: Decimal
    boundaries: int


def savings_known(session: Session) -> Savings:
    """Return the sum over the latest report of each plan the reader sees."""
    latest = select(func.max(SavingsReport.id).label("id")).group_by(SavingsReport.plan_id).subquery()
    row = session.execute(
        select(
            func.coalesce(func.sum(SavingsReport.avoided_energy_kwh), 0),
            func.coalesce(func.sum(SavingsReport.adjusted_baseline_kwh), 0),
            func.count(),
        ).join(latest, latest.c.id == SavingsReport.id)
    ).one()
    return Savings(Decimal(row[0]), Decimal(row[1]), row[2])


def settlements_waiting(session: Session) -> Sequence[Settlement]:
    """Return the settlements nobody has answered yet."""
    query = select(Settlement).where(Settlement.state.in_(("proposed", "reviewed"))).order_by(Settlement.id)
    return session.scalars(query).all()


def invoices_waiting(session: Session) -> Sequence[Invoice]:
    """Return the invoices not issued yet."""
    return session.scalars(select(Invoice).where(Invoice.number.is_(None)).order_by(Invoice.id)).all()


def latest_invoices(session: Session) -> Sequence[Invoice]:
    """Return the five latest issued invoices the reader sees."""
    query = select(Invoice).where(Invoice.number.is_not(None)).order_by(Invoice.issue_date.desc(), Invoice.id.desc())
    return session.scalars(query.limit(5)).all()


def invoiced(session: Session) -> Decimal:
    """Return the net sum of all issued invoices the reader sees, less that of the credit notes."""
    signed = case((Invoice.type_code == CREDIT_NOTE, -Invoice.net), else_=Invoice.net)
    return Decimal(session.scalar(select(func.sum(signed)).where(Invoice.number.is_not(None))) or 0)


def letters_waiting(session: Session) -> int:
    """Return how many messages were set aside and not replayed."""
    return session.scalar(select(func.count()).where(DeadLetter.replayed_at.is_(None))) or 0
