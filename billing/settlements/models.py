"""Settlements: an agreement's contract years to date, evaluated, less what was billed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from baseline.reports.models import SavingsReport
from contracts.agreements.models import Agreement
from devices.points.models import MeasurementBoundary
from foundation.base import Base, created, euros, identifier, kwh


class Settlement(Base):
    """What is owed for [start, end) of local days of an agreement; a period is settled once, unless it is disputed.

    States: proposed, reviewed, disputed, accepted, invoiced. Its figures never change (a trigger sees to it);
    a disputed one is replaced by a new one that holds the disputed lines.
    """

    __tablename__ = "settlement"
    __table_args__ = (
        ExcludeConstraint(
            ("agreement_id", "="),
            ("period", "&&"),
            name="ex_settlement_period_once",
            using="gist",
            where=text("state <> 'disputed'"),
        ),
        CheckConstraint("state IN ('proposed', 'reviewed', 'disputed', 'accepted', 'invoiced')", name="state"),
        CheckConstraint("outcome IN ('invoice', 'credit_note', 'nothing', 'waits')", name="outcome"),
        CheckConstraint("(state = 'disputed') = (dispute IS NOT NULL)", name="dispute"),
        CheckConstraint("(state IN ('accepted', 'invoiced')) = (accepted_on IS NOT NULL)", name="acceptance"),
        {"schema": "billing"},
    )

    id: Mapped[identifier]
    agreement_id: Mapped[int] = mapped_column(ForeignKey(Agreement.id))
    shareholder_id: Mapped[int] = mapped_column(index=True)
    period: Mapped[Range[dt.date]]
    contract_year: Mapped[Range[dt.date]]
    """Of which `period` is a part; everything below is this year to the end of `period`, except `amount`."""
    contract_year_number: Mapped[int]
    state: Mapped[str] = mapped_column(default="proposed")
    outcome: Mapped[str]
    """What becomes of it: `billing.settlements.data.Outcome`."""
    baseline_value: Mapped[euros]
    """Euros the adjusted baseline would have cost."""
    avoided_value: Mapped[euros]
    """Euros the municipality did not spend, net over all boundaries and energies."""
    share_to_date: Mapped[euros]
    """What the terms give the SPL."""
    already_billed: Mapped[euros]
    amount: Mapped[euros]
    """What this settlement asks for, excluding VAT: the sum of its lines, those of earlier years included."""
    waiting: Mapped[euros]
    """Billed beyond what is owed to date: set against the next settlement, zero or positive."""
    evaluation: Mapped[dict[str, Any]]
    """How it was found: terms, years recognised, held lines, and every step as `Step.to_json` with its sentence."""
    proposed_on: Mapped[dt.date]
    accepted_on: Mapped[dt.date | None]
    accepted_by: Mapped[str | None]
    dispute: Mapped[dict[str, Any] | None]
    """Who disputed which lines when and why, and how it was decided: `billing.settlements.disputes`."""
    created_at: Mapped[created]

    agreement: Mapped[Agreement] = relationship()
    lines: Mapped[list[SettlementLine]] = relationship(back_populates="settlement", order_by="SettlementLine.id")


class SettlementLine(Base):
    """One energy of one boundary in one contract year to date: its report, its value, what is asked for of it."""

    __tablename__ = "settlement_line"
    __table_args__ = (
        UniqueConstraint("settlement_id", "year", "boundary_id", "energy"),
        CheckConstraint("amount = 0 OR amount = owed - billed", name="amount"),
        {"schema": "billing"},
    )

    id: Mapped[identifier]
    settlement_id: Mapped[int] = mapped_column(ForeignKey(Settlement.id), index=True)
    report_id: Mapped[int] = mapped_column(ForeignKey(SavingsReport.id))
    year: Mapped[int]
    """Number of the contract year; an earlier one than the settlement's is a correction by late data."""
    boundary_id: Mapped[int] = mapped_column(ForeignKey(MeasurementBoundary.id))
    label: Mapped[str]
    energy: Mapped[str]
    avoided_energy_kwh: Mapped[kwh]
    mean_price: Mapped[Decimal | None] = mapped_column(Numeric(12, 6))
    """Value divided by avoided energy, to be read; None where that is no price. `prices` say how it was valued."""
    prices: Mapped[list[Any]]
    """Price by price: first and last day of the price, euros per kWh, days, kWh and euros, as text."""
    baseline_value: Mapped[euros]
    avoided_value: Mapped[euros]
    half_width_value: Mapped[euros]
    """Half-width of the interval of its avoided energy, valued."""
    share: Mapped[Decimal] = mapped_column(Numeric(7, 6))
    """Of the terms for this energy and year, before hurdles and caps; a third is 0.333333."""
    owed: Mapped[euros]
    billed: Mapped[euros]
    amount: Mapped[euros]
    """Owed less billed where the settlement asks for it, else zero."""

    settlement: Mapped[Settlement] = relationship(back_populates="lines")
    report: Mapped[SavingsReport] = relationship()
    boundary: Mapped[MeasurementBoundary] = relationship()
