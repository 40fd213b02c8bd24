"""An agreement, its annexes and its price schedule."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import INT4RANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contracts.parties.models import Budget, Shareholder
from contracts.sites.models import Building
from foundation.attachments.models import Attachment
from foundation.base import Base, created, identifier, unit_price


class Signature:
    """What makes an agreement or an amendment binding (CGCT L2131-1: sent to the préfecture before it is)."""

    deliberation_number: Mapped[str | None]
    deliberation_date: Mapped[dt.date | None]
    transmitted_on: Mapped[dt.date | None]
    """The day the deliberation reached the préfecture."""
    signatory: Mapped[str | None]
    delegation: Mapped[str | None]
    """The act that lets the signatory sign, for example "délibération 2020-12 du 28/05/2020 (CGCT, L2122-22)"."""
    signed_on: Mapped[dt.date | None]
    document_id: Mapped[int | None] = mapped_column(ForeignKey(Attachment.id))
    """The signed document as deposited; its hash is the attachment's."""


class Agreement(Signature, Base):
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
    ended_on: Mapped[dt.date | None]
    """First local day on which it is no longer in force, where it ended before its term."""
    ended_because: Mapped[str | None]
    created_at: Mapped[created]

    shareholder: Mapped[Shareholder] = relationship()
    budget: Mapped[Budget] = relationship()
    document: Mapped[Attachment | None] = relationship()
    amendments: Mapped[list[Amendment]] = relationship(back_populates="agreement", order_by="Amendment.number")
    suspensions: Mapped[list[Suspension]] = relationship(back_populates="agreement", order_by="Suspension.period")
    coverages: Mapped[list[Coverage]] = relationship(back_populates="agreement", order_by="Coverage.id")
    annexes: Mapped[list[Annex]] = relationship(back_populates="agreement", order_by="Annex.id")
    prices: Mapped[list[EnergyPrice]] = relationship(
        back_populates="agreement", order_by="(EnergyPrice.energy, EnergyPrice.period)"
    )


class Amendment(Signature, Base):
    """A dated new version (avenant): what it does not say stays as it was. Signed, it never changes.

    States: draft, signed. Its prices and annexes are rows that name it.
    """

    __tablename__ = "amendment"
    __table_args__ = (
        UniqueConstraint("agreement_id", "number"),
        CheckConstraint("state IN ('draft', 'signed')", name="state"),
        CheckConstraint(
            "state = 'draft' OR num_nulls(deliberation_number, deliberation_date, transmitted_on, signatory,"
            " delegation, signed_on, document_id) = 0",
            name="signature",
        ),
        {"schema": "contracts"},
    )

    id: Mapped[identifier]
    agreement_id: Mapped[int] = mapped_column(ForeignKey(Agreement.id))
    number: Mapped[int]
    title: Mapped[str]
    """What it changes, in a few words."""
    effective_on: Mapped[dt.date]
    """First local day it is in force; with new terms, the first of a contract year."""
    terms: Mapped[dict[str, Any] | None]
    ends_on: Mapped[dt.date | None]
    """New end of the agreement, exclusive."""
    withdrawn: Mapped[list[Any]]
    """Numbers of the boundaries that leave the agreement on `effective_on`."""
    state: Mapped[str] = mapped_column(default="draft")
    created_at: Mapped[created]

    agreement: Mapped[Agreement] = relationship(back_populates="amendments")
    document: Mapped[Attachment | None] = relationship()
    prices: Mapped[list[EnergyPrice]] = relationship(
        back_populates="amendment", order_by="(EnergyPrice.energy, EnergyPrice.period)"
    )


class Suspension(Base):
    """Days [start, end) on which an agreement, or one building of it, neither saves nor owes."""

    __tablename__ = "suspension"
    __table_args__ = (
        CheckConstraint(
            "NOT isempty(period) AND lower(period) IS NOT NULL AND upper(period) IS NOT NULL", name="period"
        ),
        CheckConstraint("reason <> ''", name="reason"),
        {"schema": "contracts"},
    )

    id: Mapped[identifier]
    agreement_id: Mapped[int] = mapped_column(ForeignKey(Agreement.id), index=True)
    building_id: Mapped[int | None] = mapped_column(ForeignKey(Building.id))
    """None: the whole agreement."""
    period: Mapped[Range[dt.date]]
    reason: Mapped[str]
    extends_term: Mapped[bool]
    """Whether the agreement lasts as many days longer."""
    declared_on: Mapped[dt.date]
    declared_by: Mapped[str]
    created_at: Mapped[created]

    agreement: Mapped[Agreement] = relationship(back_populates="suspensions")
    building: Mapped[Building | None] = relationship()


class Coverage(Base):
    """A boundary is shared by an agreement during [start, end): by no other for the same measures."""

    __tablename__ = "coverage"
    __table_args__ = (
        ExcludeConstraint(
            ("boundary_id", "="), ("measures", "&&"), ("period", "&&"), name="ex_coverage_one_agreement", using="gist"
        ),
        CheckConstraint("NOT isempty(measures)", name="measures"),
        {"schema": "contracts"},
    )

    id: Mapped[identifier]
    agreement_id: Mapped[int] = mapped_column(ForeignKey(Agreement.id), index=True)
    # A number, not a foreign key: boundaries belong to the floor above.
    boundary_id: Mapped[int]
    boundary: Mapped[str]
    measures: Mapped[Range[int]] = mapped_column(INT4RANGE)
    """Number of the measure whose savings are shared, as [n, n + 1); unbounded: of all of them."""
    period: Mapped[Range[dt.date]]
    """Empty where it left before it began."""

    agreement: Mapped[Agreement] = relationship(back_populates="coverages")


class Annex(Base):
    """A document that is part of the agreement, by hash: the frozen measurement plans."""

    __tablename__ = "annex"
    __table_args__ = (UniqueConstraint("agreement_id", "sha256"), {"schema": "contracts"})

    id: Mapped[identifier]
    agreement_id: Mapped[int] = mapped_column(ForeignKey(Agreement.id))
    title: Mapped[str]
    sha256: Mapped[str]
    amendment_id: Mapped[int | None] = mapped_column(ForeignKey(Amendment.id))
    """The amendment that added it, if one did."""

    agreement: Mapped[Agreement] = relationship(back_populates="annexes")


class EnergyPrice(Base):
    """Euros per kWh, excluding VAT, variable part only, of one energy during [start, end) of local days."""

    __tablename__ = "energy_price"
    __table_args__ = (
        ExcludeConstraint(
            ("agreement_id", "="),
            (text("coalesce(amendment_id, 0)"), "="),
            ("energy", "="),
            ("period", "&&"),
            name="ex_energy_price_one_price",
            using="gist",
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
    amendment_id: Mapped[int | None] = mapped_column(ForeignKey(Amendment.id))
    """The amendment that set it: from its days on it stands before earlier prices."""

    agreement: Mapped[Agreement] = relationship(back_populates="prices")
    amendment: Mapped[Amendment | None] = relationship(back_populates="prices")
