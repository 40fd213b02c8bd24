"""The year before, proven: plans frozen on it, agreements that quote them, signatures."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import select

from baseline.plans.findings import HEATING_WATER
from baseline.plans.models import MeasurementPlan
from baseline.plans.register import draft_plan, freeze
from baseline.plans.register import sign as sign_plan
from baseline.weather.models import Station
from contracts.agreements.models import Agreement
from contracts.agreements.register import add_price, annex, draft_agreement, sign
from contracts.agreements.signatures import Document
from contracts.parties.models import Shareholder
from devices.points.models import MeasurementBoundary
from fleet.demonstration.agreements import PRICES, TERMS, Days, number_of
from fleet.demonstration.people import boundary_name
from fleet.demonstration.timeline import ZONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from fleet.demonstration.metering import Meter
    from fleet.demonstration.municipalities import Municipality
    from fleet.demonstration.timeline import Timeline

OFFICE_HOUR = dt.time(10, 0)


def is_shared(meter: Meter) -> bool:
    """Tell whether the agreement covers `meter`: only what a measure of the SPL changes is shared (truth 7)."""
    return meter.building.claims[meter.energy] != 0


def plan_of(session: Session, meter: Meter) -> MeasurementPlan | None:
    """Return the plan of the boundary of `meter`, or None; visitors may have prepared others since."""
    query = select(MeasurementPlan).join(MeasurementBoundary).where(MeasurementBoundary.name == boundary_name(meter))
    return session.scalars(query.order_by(MeasurementPlan.id).limit(1)).first()


def freeze_plan(session: Session, meter: Meter, station: str, timeline: Timeline, days: Days) -> bool:
    """Draft and freeze the plan of `meter` on the twelve months before its works; False if it was done."""
    if plan_of(session, meter) is not None:
        return False
    baseline = timeline.baseline(meter.building.works_months)
    plan = draft_plan(
        session,
        boundary=session.scalars(
            select(MeasurementBoundary).where(MeasurementBoundary.name == boundary_name(meter))
        ).one(),
        station=session.scalars(select(Station).where(Station.code == station)).one(),
        baseline_start=baseline.start,
        baseline_end=baseline.end,
        reporting_starts_on=timeline.reporting.start,
        # The invented boilers make the hot water too, before the works and after.
        hot_water="included" if meter.energy in HEATING_WATER else None,
    )
    freeze(session, plan, by="Opératrice de la SPL", now=dt.datetime.combine(days.frozen, OFFICE_HOUR, ZONE))
    return True


def sign_agreement(session: Session, town: Municipality, meters: Sequence[Meter], days: Days, today: dt.date) -> bool:
    """Draft the agreement with `town`, its prices and its plans in annex, and sign all; False if it was done."""
    number = number_of(town, days)
    if session.scalar(select(Agreement.id).where(Agreement.number == number)) is not None:
        return False
    shareholder = session.scalars(select(Shareholder).where(Shareholder.siren == town.siren)).one()
    plans = [plan for meter in meters if (plan := plan_of(session, meter)) is not None]
    agreement = draft_agreement(
        session,
        number=number,
        title=f"Économies d'énergie des bâtiments de {town.name}",
        shareholder=shareholder,
        budget=shareholder.budgets[0],
        starts_on=days.start,
        ends_on=days.end,
        terms=TERMS[town.key],
    )
    for energy in sorted({plan.boundary.energy for plan in plans}):
        first, then = PRICES[energy]
        source = "prix de démonstration"
        add_price(session, agreement, energy=energy, start=days.start, end=days.second_year, price=first, source=source)
        add_price(session, agreement, energy=energy, start=days.second_year, end=days.end, price=then, source=source)
    for plan in plans:
        annex(session, agreement, f"Plan de mesure – {plan.boundary.name}", plan.sha256 or "")
    sign(
        session,
        agreement,
        signed_on=days.signed,
        deliberation_number=f"{days.deliberation.year}-{town.insee}-12",
        deliberation_date=days.deliberation,
        transmitted_on=days.deliberation + dt.timedelta(days=2),
        delegation="Délibération d'installation du conseil, du 28/05/2020",
        document=Document(
            f"Accord {number}, exemplaire signé (démonstration).".encode(), f"{number}.txt", "text/plain"
        ),
        signatory=f"La maire ou le maire de {town.name}",
        today=today,
    )
    for plan in plans:
        sign_plan(session, plan, agreement=agreement, signed_on=days.signed)
    return True
