"""Settlements: an agreement's contract year to date, evaluated."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Numeric
from sqlalchemy.dialects.postgresql import ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from baseline.reports.models import SavingsReport
from contracts.agreements.models import Agreement
from foundation.base import Base, created, euros, identifier, kwh


class Settlement(Base):
    """The share owed for [start, end) of local days of an agreement; one period is settled once.

    States: proposed, reviewed, disputed, accepted, invoiced.
    """

    __tablename__ = "settlement"
    __table_args__ = (
        ExcludeConstraint(("agreement_id", "="), ("period", "&&"), name="ex_settlement_period_once", using="gist"),
        CheckConstraint("state IN ('proposed', 'reviewed', 'disputed', 'accepted', 'invoiced')", name="state"),
        {"schema": "billing"},
    )

    id: Mapped[identifier]
    agreement_id: Mapped[int] = mapped_column(ForeignKey(Agreement.id))
    shareholder_id: Mapped[int] = mapped_column(index=True)
    period: Mapped[Range[dt.date]]
    contract_year: Mapped[Range[dt.date]]
    state: Mapped[str] = mapped_column(default="proposed")
    avoided_value: Mapped[euros]
    """Euros the municipality did not spend, net over all boundaries and energies, year to date."""
    share_to_date: Mapped[euros]
    """What the terms give the SPL for the contract year to date."""
    already_billed: Mapped[euros]
    amount: Mapped[euros]
    """Share to date minus what was billed, excluding VAT: what this settlement asks for."""
    evaluation: Mapped[dict[str, Any]]
    """Every step of the terms with its explanation, as `contracts.agreements.terms.evaluate` gave it."""
    proposed_on: Mapped[dt.date]
    accepted_on: Mapped[dt.date | None]
    accepted_by: Mapped[str | None]
    created_at: Mapped[created]

    agreement: Mapped[Agreement] = relationship()
    lines: Mapped[list[SettlementLine]] = relationship(back_populates="settlement", order_by="SettlementLine.id")


class SettlementLine(Base):
    """One boundary of a settlement: its report, what its avoided energy is worth, its part of the share."""

    __tablename__ = "settlement_line"
    __table_args__ = {"schema": "billing"}

    id: Mapped[identifier]
    settlement_id: Mapped[int] = mapped_column(ForeignKey(Settlement.id), index=True)
    report_id: Mapped[int] = mapped_column(ForeignKey(SavingsReport.id))
    label: Mapped[str]
    energy: Mapped[str]
    avoided_energy_kwh: Mapped[kwh]
    mean_price: Mapped[Decimal | None] = mapped_column(Numeric(12, 6))
    """Value divided by avoided energy, to be read; the value is summed month by month at each month's price."""
    avoided_value: Mapped[euros]
    amount: Mapped[euros]

    settlement: Mapped[Settlement] = relationship(back_populates="lines")
    report: Mapped[SavingsReport] = relationship()
