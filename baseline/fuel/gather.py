"""Gather what an agreed change of fuel is compared by: plans of all energies of the building, days, prices."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from baseline.comparison import baseline_by_day, measure
from baseline.fitting.data import COMPLETE_DAY
from baseline.fitting.kinds import kind_of
from baseline.fuel.rules import NOTHING, Sides, compared
from baseline.plans.models import MeasurementPlan
from baseline.plans.windows import months_before
from baseline.reports.model import model_of
from contracts.agreements.versions import prices_in_force
from contracts.prices.energies import ENERGY_NAMES
from contracts.prices.rules import Schedule
from devices.points.models import BoundaryBuilding
from foundation.errors import Refusal
from foundation.messages import N_
from foundation.money import kwh

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from baseline.events.models import NonRoutineEvent
    from baseline.fuel.rules import Compared
    from contracts.agreements.models import Agreement

MONTHS = 12


def in_euros(session: Session, event: NonRoutineEvent, today: dt.date) -> Compared:
    """Compare the energies of the building of `event`, an agreed change of fuel, over its first twelve whole months.

    Each energy needs a frozen plan (what would have been used) and a price in the agreement. Raises Refusal saying
    which is missing, or that no month has ended yet.
    """
    start = event.period.lower or today
    end = min(months_before(today.replace(day=1), 0), months_before(start.replace(day=1), -MONTHS))
    if end <= start:
        raise Refusal(
            N_("Aucun mois entier n'a encore passé depuis le changement d'énergie ; revenez le mois prochain.")
        )
    plans = _plans(session, event)
    agreement = next((one.agreement for one in plans if one.agreement is not None), None)
    energies = {plan.boundary.energy for plan in plans}
    if len(energies) < 2:
        raise Refusal(
            N_(
                "Une seule énergie du bâtiment a un plan de mesure figé. Préparez et figez celui de l'énergie qui la"
                " remplace : sa référence est ce que le bâtiment en consommait avant."
            )
        )
    if agreement is None:
        raise Refusal(N_("Aucun accord signé ne donne les prix de ces énergies ; signez le plan avec son accord."))
    sides = [_sides(session, plan, start, end) for plan in plans]
    return compared(sides, _schedules(agreement, energies), start, end)


def _plans(session: Session, event: NonRoutineEvent) -> Sequence[MeasurementPlan]:
    """Return one frozen plan of each energy of the event's buildings: its own boundary's, else a signed one."""
    buildings = [building.id for building in event.boundary.buildings]
    rows = session.scalars(
        select(MeasurementPlan)
        .join(BoundaryBuilding, BoundaryBuilding.boundary_id == MeasurementPlan.boundary_id)
        .where(BoundaryBuilding.building_id.in_(buildings), MeasurementPlan.state.in_(("frozen", "signed")))
        .distinct()
    ).all()
    found: dict[str, MeasurementPlan] = {}
    for plan in sorted(rows, key=lambda one: (one.boundary_id != event.boundary_id, one.state != "signed", -one.id)):
        found.setdefault(plan.boundary.energy, plan)
    return list(found.values())


def _schedules(agreement: Agreement, energies: set[str]) -> dict[str, Schedule]:
    known = {energy: Schedule(energy, tuple(prices)) for energy, prices in prices_in_force(agreement).items()}
    for energy in sorted(energies - set(known)):
        raise Refusal(
            N_("L'accord {number} n'a pas de prix pour cette énergie : {energy}. Ajoutez-le par avenant."),
            number=agreement.number,
            energy=ENERGY_NAMES[energy],
        )
    return known


def _sides(session: Session, plan: MeasurementPlan, start: dt.date, end: dt.date) -> Sides:
    """Return both sides of one energy; where no day is measured at all the meter is gone, and nothing was used."""
    model, _, _ = model_of(plan, start, end)
    measured = measure(session, plan.boundary, plan.station, kind_of(model), start=start, end=end)
    ended = not any(day.kwh is not None for day in measured.days)
    if ended:
        hours = measured.hours
        measured = replace(
            measured,
            days=[replace(day, kwh=NOTHING, hours=day.day_hours) for day in measured.days],
            hours=None if hours is None else replace(hours, kwh=(NOTHING,) * len(hours.kwh)),
        )
    whole = {
        day.day: day.kwh
        for day in measured.days
        if day.kwh is not None
        and day.hours >= COMPLETE_DAY * day.day_hours
        and day.celsius_hours >= COMPLETE_DAY * day.day_hours
    }
    adjusted = baseline_by_day(model, measured)
    reference = {day: kwh(adjusted[day]) for day in whole if day in adjusted}
    used = {day: kwh(energy) for day, energy in whole.items() if day in reference}
    return Sides(plan.boundary.name, plan.boundary.energy, reference, used, ended)
