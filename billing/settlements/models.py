"""Settlements: an agreement's contract years to date, evaluated, less what was billed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from baseline.reports.models import SavingsReport
from contracts.agreements.models import Agreement
from devices.points.models import MeasurementBoundary
from foundation.attachments.models import Attachment
from foundation.base import Base, created, euros, identifier, kwh

KINDS = ("savings", "complement", "buy_out")
DISPUTE_STEPS = ("filed", "added", "answered", "expert", "decided")


class Settlement(Base):
    """What is owed for [start, end) of local days of an agreement; a period is settled once, unless it is disputed.

    States: proposed, reviewed, disputed, accepted, invoiced. Its figures never change (a trigger sees to it);
    a disputed one is replaced by a new one that holds the disputed lines. Kinds: savings; complement (what is owed
    beyond the settlements of a period that is settled: a dispute decided, data come late after the last one); buy_out
    (the sensors, by the table of the terms, without lines).
    """

    __tablename__ = "settlement"
    __table_args__ = (
        ExcludeConstraint(
            ("agreement_id", "="),
            ("period", "&&"),
            name="ex_settlement_period_once",
            using="gist",
            where=text("state <> 'disputed' AND kind = 'savings'"),
        ),
        Index(
            "uq_settlement_buy_out_once",
            "agreement_id",
            unique=True,
            postgresql_where=text("state <> 'disputed' AND kind = 'buy_out'"),
        ),
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint("(reviewed_on IS NULL) = (reviewed_by IS NULL)", name="review"),
        CheckConstraint(
            "NOT needs_review OR reviewed_on IS NOT NULL OR state IN ('proposed', 'disputed')", name="reviewed_first"
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
    kind: Mapped[str] = mapped_column(default="savings", server_default="savings")
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
    """What this settlement asks for, excluding VAT: the sum of its lines, those of earlier years included, or the value
    of the sensors."""
    waiting: Mapped[euros]
    """Billed beyond what is owed to date: set against the next settlement, zero or positive."""
    evaluation: Mapped[dict[str, Any]]
    """How it was found: terms, years recognised, held lines, and every step as `Step.to_json` with its sentence."""
    proposed_on: Mapped[dt.date]
    proposed_by: Mapped[str] = mapped_column(default="", server_default="")
    """Empty where a run over all agreements proposed it."""
    proposer_id: Mapped[int | None]
    """Number of that person's account."""
    needs_review: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Whether its amount was above the limit of the SPL when it was proposed: somebody else reads it first."""
    reviewed_on: Mapped[dt.date | None]
    reviewed_by: Mapped[str | None]
    accepted_on: Mapped[dt.date | None]
    accepted_by: Mapped[str | None]
    dispute: Mapped[dict[str, Any] | None]
    """Who disputed which lines when and why, and how it was decided: `billing.settlements.disputes`."""
    created_at: Mapped[created]

    agreement: Mapped[Agreement] = relationship()
    lines: Mapped[list[SettlementLine]] = relationship(back_populates="settlement", order_by="SettlementLine.id")
    dispute_steps: Mapped[list[DisputeStep]] = relationship(
        back_populates="settlement", order_by="DisputeStep.id", passive_deletes="all"
    )


class DisputeStep(Base):
    """One dated act of a dispute, never changed: filed, added (a document), answered, expert (named), decided."""

    __tablename__ = "dispute_step"
    __table_args__ = (
        CheckConstraint(f"kind IN {DISPUTE_STEPS}", name="kind"),
        CheckConstraint("party IN ('spl', 'shareholder')", name="party"),
        CheckConstraint("outcome IN ('maintained', 'corrected')", name="outcome"),
        CheckConstraint("(kind IN ('answered', 'decided')) = (outcome IS NOT NULL)", name="outcome_of"),
        {"schema": "billing"},
    )

    id: Mapped[identifier]
    settlement_id: Mapped[int] = mapped_column(ForeignKey(Settlement.id), index=True)
    kind: Mapped[str]
    party: Mapped[str]
    """Which of the two did it."""
    day: Mapped[dt.date]
    by: Mapped[str]
    text: Mapped[str]
    """The reason, the answer, the expert's name, the decision."""
    outcome: Mapped[str | None]
    """What an answer proposes and a decision says: the figures are maintained or corrected."""
    due_on: Mapped[dt.date | None]
    """By when the agreement wants the next act."""
    attachment_id: Mapped[int | None] = mapped_column(ForeignKey(Attachment.id))
    created_at: Mapped[created]

    settlement: Mapped[Settlement] = relationship(back_populates="dispute_steps")
    attachment: Mapped[Attachment | None] = relationship()


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
