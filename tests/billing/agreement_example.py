"""A town with two buildings, plans signed as annexes of an agreement, and reports as they would have been made."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from sqlalchemy.dialects.postgresql import Range

from baseline.plans.models import MeasurementPlan
from baseline.reports.models import ReportDay, SavingsReport
from baseline.weather.models import Station
from contracts.agreements.register import add_price, annex, draft_agreement, sign
from contracts.agreements.signatures import Document
from contracts.agreements.terms.data import Share, Terms
from contracts.parties.capital import acquire
from contracts.parties.register import add_budget, register_shareholder
from contracts.sites.register import hold, register_building, register_site
from devices.points.boundaries.register import register_boundary
from devices.points.register import register_point
from foundation.time import days

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from contracts.agreements.models import Agreement
    from contracts.parties.models import Shareholder

START = dt.date(2023, 1, 1)
END = dt.date(2028, 1, 1)
HALF = Terms((Share(Fraction(1, 2)),))
NOON = dt.datetime(2023, 1, 1, 12, tzinfo=dt.UTC)


def town(
    session: Session, *, name: str = "Kermelo", siren: str = "200000016", siret: str = "20000001600010"
) -> Shareholder:
    """Return a shareholder with the budget that pays."""
    shareholder = register_shareholder(
        session, name=name, siren=siren, street="1 place de la Mairie", postcode="56100", city=name
    )
    acquire(session, shareholder, amount=Decimal(1000), start=dt.date(2020, 1, 1))
    add_budget(session, shareholder, siret=siret)
    return shareholder


def draft(session: Session, shareholder: Shareholder, *, terms: Terms = HALF, number: str = "PAYS-1") -> Agreement:
    """Return a draft over five calendar years."""
    return draft_agreement(
        session,
        number=number,
        title="Suivi énergétique",
        shareholder=shareholder,
        budget=shareholder.budgets[0],
        starts_on=START,
        ends_on=END,
        terms=terms,
    )


def signed(
    session: Session, shareholder: Shareholder, *buildings: str, terms: Terms = HALF, energy: str = "electricity"
) -> tuple[Agreement, list[MeasurementPlan]]:
    """Return an agreement at 0.20 € per kWh and the signed plan of each of `buildings`."""
    agreement = draft(session, shareholder, terms=terms)
    add_price(session, agreement, energy=energy, start=START, end=None, price=Decimal("0.20"))
    site = register_site(session, name="Centre", city=shareholder.city, timezone="Europe/Paris")
    station = Station(code="56185001", name="Lorient")
    plans = []
    for name in buildings:
        building = register_building(session, site, name=name, use="school")
        hold(session, building, shareholder, start=dt.date(2020, 1, 1))
        point = register_point(session, building, name="Général", energy=energy)
        boundary = register_boundary(
            session,
            name=name,
            energy=energy,
            buildings=[building],
            terms=[(point, Decimal(1))],
            start=dt.date(2020, 1, 1),
        )
        plan = MeasurementPlan(
            boundary=boundary,
            station=station,
            baseline_period=Range(dt.date(2018, 1, 1), dt.date(2019, 1, 1)),
            reporting_starts_on=START,
            state="signed",
            model={},
            sha256=f"{len(plans) + 1:064x}",
            agreement=agreement,
            signed_on=START,
        )
        session.add(plan)
        annex(session, agreement, f"Plan de mesure – {name}", plan.sha256 or "")
        plans.append(plan)
    sign(
        session,
        agreement,
        signed_on=dt.date(2022, 12, 20),
        deliberation_number="2022-12-07",
        deliberation_date=dt.date(2022, 12, 7),
        signatory="La maire",
        transmitted_on=dt.date(2022, 12, 9),
        delegation="Délibération 2020-05 du 28/05/2020",
        document=Document(b"%PDF signed", "accord.pdf", "application/pdf"),
        today=START,
    )
    session.flush()
    return agreement, plans


def report(
    session: Session,
    plan: MeasurementPlan,
    start: dt.date,
    end: dt.date,
    *,
    avoided: str,
    half_width: str = "0",
    missing: int = 0,
    sha256: str = "0" * 64,
) -> SavingsReport:
    """Return a report that avoided `avoided` kWh a day of 100, the first `missing` days not counted."""
    rows = [
        ReportDay(
            day=day,
            adjusted_baseline_kwh=Decimal(100) if place >= missing else None,
            measured_kwh=Decimal(100) - Decimal(avoided) if place >= missing else None,
            counted=place >= missing,
            reason="measured" if place >= missing else "missing_energy",
        )
        for place, day in enumerate(days(start, end))
    ]
    counted = len(rows) - missing
    total = Decimal(avoided) * counted
    made = SavingsReport(
        plan=plan,
        period=Range(start, end),
        adjusted_baseline_kwh=Decimal(100) * counted,
        measured_kwh=Decimal(100) * counted - total,
        avoided_energy_kwh=total,
        avoided_low_kwh=total - Decimal(half_width),
        avoided_high_kwh=total + Decimal(half_width),
        confidence_level=0.9,
        intervals={},
        days_counted=counted,
        days_expected=len(rows),
        findings=[],
        inputs={},
        sha256=sha256,
        made_at=NOON,
        days=rows,
    )
    session.add(made)
    session.flush()
    return made
