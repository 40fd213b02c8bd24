"""Ready drafts of invoices for a bench: one building of an invented municipality, settled once, then copied."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, inspect, select
from sqlalchemy.dialects.postgresql import Range

from baseline.fitting import DailyModel, fit_daily
from baseline.measured_days import MeasuredDay, baseline_data
from baseline.plans.register import draft_plan, plan_document
from baseline.reports.models import ReportDay, SavingsReport
from baseline.reports.register import report_document
from baseline.weather.register import register_station
from billing.invoices.models import Invoice
from billing.invoices.register import check, draft
from billing.settlements.models import Settlement, SettlementLine
from billing.settlements.register import accept, propose
from contracts.agreements.models import Agreement
from contracts.agreements.register import add_price, draft_agreement
from contracts.agreements.terms.data import Share, Terms
from contracts.parties.models import Company, Shareholder
from contracts.parties.register import add_budget, register_shareholder, set_company
from contracts.sites.register import hold, register_building, register_site
from devices.points.boundaries.register import register_boundary
from devices.points.register import register_point
from foundation.attachments.store import keep
from foundation.canonical import canonical_json, canonical_sha256
from foundation.money import kwh
from foundation.time import days

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from baseline.plans.models import MeasurementPlan

BEFORE = (dt.date(2023, 4, 1), dt.date(2024, 4, 1))
YEAR = (dt.date(2025, 1, 1), dt.date(2026, 1, 1))
TODAY = dt.date(2026, 1, 20)
SIREN, SIRET = "200000008", "20000000800017"
SAVED_KWH = Decimal("10.125")


def ready_drafts(session: Session, wanted: int) -> list[int]:
    """Make `wanted` drafts that only lack their numbers and return their ids."""
    settlement = _settled(session)
    first = check(session, draft(session, settlement, base_url="https://spl.example", today=TODAY))
    if first.problems:
        raise ValueError(first.problems)
    return [first.id, *(_copied(session, first) for _ in range(wanted - 1))]


def _copied(session: Session, first: Invoice) -> int:
    """Return a copy of a draft with a settlement and an agreement of its own; all rest on the same reports."""
    settlement = first.settlement
    agreement = _copy(session, Agreement, settlement.agreement, number=f"BANC-{uuid.uuid4().hex[:12]}")
    own = _copy(session, Settlement, settlement, agreement_id=agreement)
    for line in settlement.lines:
        _copy(session, SettlementLine, line, settlement_id=own)
    return _copy(session, Invoice, first, settlement_id=own)


def _copy(session: Session, model: type[Any], row: Any, **changes: Any) -> int:
    columns = inspect(model).column_attrs
    values = {
        one.key: value
        for one in columns
        if one.key not in {"id", "created_at"} and (value := getattr(row, one.key)) is not None
    }
    made: int = session.scalars(insert(model).values({**values, **changes}).returning(model.id)).one()
    return made


def _settled(session: Session) -> Settlement:
    mark = uuid.uuid4().hex[:8]
    if session.get(Company, 1) is None:
        set_company(
            session,
            name="SPL du banc d'essai",
            legal_form="Société publique locale",
            share_capital=Decimal(225_000),
            siret="20000005700014",
            trade_register="RCS Lorient 200 000 057",
            street="1 quai",
            postcode="56100",
            city="Lorient",
            email="contact@spl.example",
            phone="",
            iban="FR7630006000011234567890189",
            bic="AGRIFRPP",
            synthetic=True,
        )
    agreement, plan = _contract(session, mark)
    _report(session, plan)
    settlement = propose(session, agreement, start=YEAR[0], end=YEAR[1], today=TODAY)
    return accept(session, settlement, by="La maire", today=TODAY)


def _contract(session: Session, mark: str) -> tuple[Agreement, MeasurementPlan]:
    town = session.scalar(select(Shareholder).where(Shareholder.siren == SIREN))
    if town is None:
        town = register_shareholder(
            session, name="Ville du banc", siren=SIREN, street="1 place", postcode="56000", city="Ville"
        )
        add_budget(session, town, siret=SIRET, service_code="FINANCES", commitment_number="2025-1")
    site = register_site(session, name=f"École {mark}", city="Ville", timezone="Europe/Paris")
    school = register_building(session, site, name="Élémentaire", use="école")
    hold(session, school, town, start=dt.date(2015, 1, 1))
    point = register_point(session, school, name="Général", energy="electricity")
    boundary = register_boundary(
        session,
        name=f"École {mark}",
        energy="electricity",
        buildings=[school],
        terms=[(point, Decimal(1))],
        start=dt.date(2015, 1, 1),
    )
    plan = draft_plan(
        session,
        boundary=boundary,
        station=register_station(session, code=mark, name="Station"),
        baseline_start=BEFORE[0],
        baseline_end=BEFORE[1],
        reporting_starts_on=YEAR[0],
    )
    measured = [_day(day, Decimal(0)) for day in days(*BEFORE)]
    plan.model = fit_daily(baseline_data(measured, *BEFORE)).to_json()
    plan.inputs = _kept(session, measured)
    plan.sha256, plan.state = canonical_sha256(plan_document(plan)), "frozen"
    agreement = draft_agreement(
        session,
        number=f"BANC-{mark}",
        title="Suivi",
        shareholder=town,
        budget=town.budgets[0],
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
    # The papers of a signature are no part of what is timed: the dates alone.
    agreement.state, agreement.signed_on = "signed", dt.date(2024, 12, 1)
    agreement.deliberation_number, agreement.deliberation_date = "2024-1", dt.date(2024, 11, 20)
    session.flush()
    plan.state, plan.agreement_id, plan.signed_on = "signed", agreement.id, dt.date(2024, 12, 1)
    session.flush()
    return agreement, plan


def _day(day: dt.date, saved: Decimal) -> MeasuredDay:
    celsius = 11 - 8 * math.cos(2 * math.pi * (day.timetuple().tm_yday - 20) / 365)
    energy = kwh(60 + 6 * max(0, 15 - celsius) + day.day % 5) - saved
    return MeasuredDay(day, energy, 24, 24, Decimal(f"{celsius:.4f}"), 24)


def _kept(session: Session, measured: Sequence[MeasuredDay]) -> dict[str, Any]:
    rows = [day.as_data() for day in measured]
    keep(session, canonical_json(rows), name="jours.json", media_type="application/json")
    hours = keep(session, canonical_json([row[:2] for row in rows]), name="heures.csv", media_type="text/csv")
    return {"sha256": canonical_sha256(rows), "hourly_sha256": hours.sha256}


def _report(session: Session, plan: MeasurementPlan) -> None:
    measured = [_day(day, SAVED_KWH) for day in days(*YEAR)]
    model = DailyModel.from_json(plan.model or {})
    celsius = [float(day.celsius or 0) for day in measured]
    adjusted = [kwh(one) for one in model.predict([day.day for day in measured], celsius)]
    sums = [sum(column, Decimal("0.000")) for column in (adjusted, [day.kwh or Decimal(0) for day in measured])]
    avoided = sums[0] - sums[1]
    report = SavingsReport(
        plan=plan,
        period=Range(*YEAR),
        adjusted_baseline_kwh=sums[0],
        measured_kwh=sums[1],
        avoided_energy_kwh=avoided,
        avoided_low_kwh=avoided - 100,
        avoided_high_kwh=avoided + 100,
        confidence_level=0.9,
        intervals={},
        days_counted=len(measured),
        days_expected=len(measured),
        findings=[],
        inputs=_kept(session, measured),
        made_at=dt.datetime(2026, 1, 10, tzinfo=dt.UTC),
        days=[
            ReportDay(
                day=day.day,
                temperature_c=day.celsius,
                measured_kwh=day.kwh,
                adjusted_baseline_kwh=baseline,
                counted=True,
                reason="measured",
            )
            for day, baseline in zip(measured, adjusted, strict=True)
        ],
    )
    report.sha256 = canonical_sha256(report_document(report))
    session.add(report)
    session.flush()
