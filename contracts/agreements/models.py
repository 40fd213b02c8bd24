"""An agreement, its annexes and its price schedule."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.dialects.postgresql import ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contracts.parties.models import Budget, Shareholder
from foundation.base import Base, created, identifier, unit_price


class Agreement(Base):
    """A service agreement between the SPL and a shareholder, paid by a share of verified savings.

    States: draft, signed, amended, ended.
    """

    __tablename__ = "agreement"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'signed', 'amended', 'ended')", name="state"),
        CheckConstraint("NOT isempty(term)", name="term"),
        CheckConstraint(
            "state = 'draft' OR (signed_on IS NOT NULL AND deliberation_number IS NOT NULL"
            " AND deliberation_date IS NOT NULL)",
            name="signature",
        ),
        {"schema": "contracts"},
    )

    id: Mapped[identifier]
    number: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    shareholder_id: Mapped[int] = mapped_column(ForeignKey(Shareholder.id), index=True)
    budget_id: Mapped[int] = mapped_column(ForeignKey(Budget.id))
    term: Mapped[Range[dt.date]]
    """Local days [start, end); contract years begin on the anniversaries of its start."""
    terms: Mapped[dict[str, Any]]
    """Sharing terms as data, as `contracts.agreements.terms.codec` writes them."""
    legal_basis: Mapped[str]
    """Which legal basis, with its version, as printed on every document."""
    state: Mapped[str] = mapped_column(default="draft")
    deliberation_number: Mapped[str | None]
    deliberation_date: Mapped[dt.date | None]
    signatory: Mapped[str | None]
    signed_on: Mapped[dt.date | None]
    created_at: Mapped[created]

    shareholder: Mapped[Shareholder] = relationship()
    budget: Mapped[Budget] = relationship()
    annexes: Mapped[list[Annex]] = relationship(back_populates="agreement", order_by="Annex.id")
    prices: Mapped[list[EnergyPrice]] = relationship(
        back_populates="agreement", order_by="(EnergyPrice.energy, EnergyPrice.period)"
    )


class Annex(Base):
    """A document that is part of the agreement, by hash: the frozen measurement plans."""

    __tablename__ = "annex"
    __table_args__ = (UniqueConstraint("agreement_id", "sha256"), {"schema": "contracts"})

    id: Mapped[identifier]
    agreement_id: Mapped[int] = mapped_column(ForeignKey(Agreement.id))
    title: Mapped[str]
    sha256: Mapped[str]

    agreement: Mapped[Agreement] = relationship(back_populates="annexes")


class EnergyPrice(Base):
    """Euros per kWh, excluding VAT, variable part only, of one energy during [start, end) of local days."""

    __tablename__ = "energy_price"
    __table_args__ = (
        ExcludeConstraint(
            ("agreement_id", "="), ("energy", "="), ("period", "&&"), name="ex_energy_price_one_price", using="gist"
        ),
        CheckConstraint("NOT isempty(period) AND price > 0", name="price"),
        {"schema": "contracts"},
    )

    id: Mapped[identifier]
    agreement_id: Mapped[int] = mapped_column(ForeignKey(Agreement.id), index=True)
    energy: Mapped[str]
    period: Mapped[Range[dt.date]]
    price: Mapped[unit_price]
    source: Mapped[str] = mapped_column(default="")
    """Where the price comes from, for example the supplier's contract."""

    agreement: Mapped[Agreement] = relationship(back_populates="prices")
