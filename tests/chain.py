"""A short chain from a building to an accepted settlement, for tests that begin where money does."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects.postgresql import Range

from baseline.fitting import BaselineData, fit_daily
from baseline.plans.register import draft_plan, plan_document
from baseline.plans.register import sign as sign_plan
from baseline.reports.models import ReportDay, SavingsReport
from baseline.reports.register import report_document
from baseline.weather.register import register_station
from billing.settlements.register import accept, propose
from contracts.agreements.register import add_price, annex, draft_agreement, sign
from contracts.agreements.terms.data import Share, Terms
from contracts.parties.register import add_budget, register_shareholder, set_company
from contracts.sites.register import hold, register_building, register_site
from devices.points.boundaries import register_boundary
from devices.points.register import register_point
from foundation.canonical import canonical_sha256
from foundation.time import days

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from baseline.plans.models import MeasurementPlan
    from billing.settlements.models import Settlement
    from contracts.agreements.models import Agreement

BASELINE = (dt.date(2023, 4, 1), dt.date(2024, 4, 1))
YEAR = (dt.date(2025, 1, 1), dt.date(2026, 1, 1))
SIRENS = ("200000008", "200000016", "200000024", "200000032", "200000040", "200000057")
_serial = itertools.count(1)


def siret(siren: str) -> str:
    """Return a SIRET of `siren` whose key is right."""
    for establishment in range(10, 100):
        digits = f"{siren}{establishment:05d}"
        doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
        if sum(one - 9 if one > 9 else one for one in doubled) % 10 == 0:
            return digits
    raise AssertionError(siren)


def company(session: Session) -> None:
    """Say who the SPL is."""
    set_company(
        session,
        name="SPL d'essai",
        legal_form="Société publique locale",
        share_capital=Decimal(225_000),
        siret=siret(SIRENS[5]),
        trade_register="RCS Lorient 200 000 057",
        street="1 quai",
        postcode="56100",
        city="Lorient",
        email="contact@spl.example",
        phone="",
        iban="FR7630006000011234567890189",
        bic="AGRIFRPP",
        synthetic=False,
    )


def signed_agreement(session: Session, siren: str = SIRENS[0], daily_kwh: Decimal = Decimal("10.125")) -> Agreement:
    """Return a signed agreement over one school whose report of 2025 avoids `daily_kwh` a day, half of it shared."""
    number = next(_serial)
    town = register_shareholder(
        session, name=f"Ville {number}", siren=siren, street="1 place", postcode="56000", city="Ville"
    )
    budget = add_budget(session, town, siret=siret(siren), service_code="FINANCES", commitment_number="2025-1")
    site = register_site(session, name=f"École {number}", city="Ville", timezone="Europe/Paris")
    school = register_building(session, site, name="Élémentaire", use="école")
    hold(session, school, town, start=dt.date(2015, 1, 1))
    point = register_point(session, school, name="Général", energy="electricity")
    boundary = register_boundary(
        session,
        name=f"École {number}",
        energy="electricity",
        buildings=[school],
        terms=[(point, Decimal(1))],
        start=dt.date(2015, 1, 1),
    )
    station = register_station(session, code=f"S{number}", name="Station")
    plan = draft_plan(
        session,
        boundary=boundary,
        station=station,
        baseline_start=BASELINE[0],
        baseline_end=BASELINE[1],
        reporting_starts_on=YEAR[0],
    )
    plan.model, plan.inputs = frozen_model(), {"station": station.code}
    plan.sha256, plan.state = canonical_sha256(plan_document(plan)), "frozen"
    session.flush()
    agreement = draft_agreement(
        session,
        number=f"PAYS-{number}",
        title="Suivi",
        shareholder=town,
        budget=budget,
        starts_on=YEAR[0],
        ends_on=dt.date(2030, 1, 1),
        terms=Terms(shares=(Share(Fraction(1, 2)),)),
    )
    add_price(
        session,
        agreement,
        energy="electricity",
        start=YEAR[0],
        end=dt.date(2030, 1, 1),
        price=Decimal("0.2"),
        source="contrat",
    )
    annex(session, agreement, "Plan de mesure", plan.sha256)
    sign(
        session,
        agreement,
        signed_on=dt.date(2024, 12, 1),
        deliberation_number="2024-1",
        deliberation_date=dt.date(2024, 11, 20),
        signatory="La maire",
        today=dt.date(2024, 12, 2),
    )
    sign_plan(session, plan, agreement=agreement, signed_on=dt.date(2024, 12, 1))
    report_year(session, plan, daily_kwh)
    return agreement


def celsius_on(day: dt.date) -> float:
    """Return the mean temperature of a day at every station of these tests."""
    return 11 - 8 * math.cos(2 * math.pi * (day.timetuple().tm_yday - 20) / 365)


@cache
def frozen_model() -> dict[str, Any]:
    """Return the model of a school heated below 15 °C, fitted on `BASELINE`."""
    measured = list(days(*BASELINE))
    celsius = [celsius_on(day) for day in measured]
    energy = [60 + 6 * max(0, 15 - one) + day.day % 5 for day, one in zip(measured, celsius, strict=True)]
    return fit_daily(BaselineData.of(measured, energy, celsius)).to_json()


def report_year(session: Session, plan: MeasurementPlan, daily_kwh: Decimal) -> SavingsReport:
    """Add a report of 2025 in which each day avoids `daily_kwh` of 100."""
    rows = [
        ReportDay(
            day=day,
            temperature_c=Decimal(f"{celsius_on(day):.4f}"),
            measured_kwh=Decimal(100) - daily_kwh,
            adjusted_baseline_kwh=Decimal(100),
            counted=True,
            reason="measured",
        )
        for day in days(*YEAR)
    ]
    avoided = daily_kwh * len(rows)
    report = SavingsReport(
        plan=plan,
        period=Range(*YEAR),
        adjusted_baseline_kwh=Decimal(100) * len(rows),
        measured_kwh=Decimal(100) * len(rows) - avoided,
        avoided_energy_kwh=avoided,
        avoided_low_kwh=avoided - 100,
        avoided_high_kwh=avoided + 100,
        confidence_level=0.9,
        intervals={},
        days_counted=len(rows),
        days_expected=len(rows),
        findings=[],
        inputs={},
        made_at=dt.datetime(2026, 1, 10, tzinfo=dt.UTC),
        days=rows,
    )
    report.sha256 = canonical_sha256(report_document(report))
    session.add(report)
    session.flush()
    return report


def accepted_settlement(session: Session, agreement: Agreement) -> Settlement:
    """Return the accepted settlement of 2025."""
    settlement = propose(session, agreement, start=YEAR[0], end=YEAR[1], today=dt.date(2026, 1, 15))
    return accept(session, settlement, by="La maire", today=dt.date(2026, 1, 16))
