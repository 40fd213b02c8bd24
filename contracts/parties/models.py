"""The SPL, the municipalities that own it, and the budgets its invoices are addressed to."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, UniqueConstraint
from sqlalchemy.dialects.postgresql import ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.base import Base, created, euros, identifier


class Company(Base):
    """The SPL: the seller named on every document (EN 16931 BG-4); one row."""

    __tablename__ = "company"
    __table_args__ = (CheckConstraint("id = 1", name="single"), {"schema": "contracts"})

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    name: Mapped[str]
    legal_form: Mapped[str] = mapped_column(default="Société publique locale")
    share_capital: Mapped[Decimal]
    siret: Mapped[str]
    trade_register: Mapped[str]
    """Registration, for example "RCS Lorient 123 456 782"."""
    street: Mapped[str]
    postcode: Mapped[str]
    city: Mapped[str]
    email: Mapped[str]
    phone: Mapped[str] = mapped_column(default="")
    iban: Mapped[str]
    bic: Mapped[str]
    synthetic: Mapped[bool] = mapped_column(default=False)
    second_review_above: Mapped[euros] = mapped_column(default=Decimal(10_000), server_default="10000")
    """Euros excluding VAT: a settlement above it is read by a second person before the municipality is asked."""


class Shareholder(Base):
    """A public body that owns a part of the SPL and may therefore be served by it."""

    __tablename__ = "shareholder"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('commune', 'intercommunality', 'syndicate', 'department', 'region', 'other_public')", name="kind"
        ),
        {"schema": "contracts"},
    )

    id: Mapped[identifier]
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(default="commune")
    siren: Mapped[str] = mapped_column(unique=True)
    insee_code: Mapped[str | None]
    street: Mapped[str]
    postcode: Mapped[str]
    city: Mapped[str]
    email: Mapped[str] = mapped_column(default="")
    synthetic: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[created]

    budgets: Mapped[list[Budget]] = relationship(back_populates="shareholder", order_by="Budget.id")
    capital: Mapped[list[CapitalShare]] = relationship(back_populates="shareholder", order_by="CapitalShare.period")


class CapitalShare(Base):
    """Euros of the SPL's capital a shareholder owns during [start, end) of days."""

    __tablename__ = "capital_share"
    __table_args__ = (
        ExcludeConstraint(("shareholder_id", "="), ("period", "&&"), name="ex_capital_share_once", using="gist"),
        CheckConstraint("amount > 0 AND NOT isempty(period)", name="amount"),
        {"schema": "contracts"},
    )

    id: Mapped[identifier]
    shareholder_id: Mapped[int] = mapped_column(ForeignKey(Shareholder.id))
    period: Mapped[Range[dt.date]]
    amount: Mapped[euros]
    act: Mapped[str] = mapped_column(default="")
    """What it rests on: statutes, deed of transfer."""

    shareholder: Mapped[Shareholder] = relationship(back_populates="capital")


class Budget(Base):
    """The payer: a budget of a shareholder with its own SIRET and what Chorus Pro asks of invoices sent to it."""

    __tablename__ = "budget"
    __table_args__ = (
        CheckConstraint("kind IN ('main', 'annex', 'ccas', 'regie')", name="kind"),
        CheckConstraint("vat_recovery BETWEEN 0 AND 1", name="vat_recovery"),
        {"schema": "contracts"},
    )

    id: Mapped[identifier]
    shareholder_id: Mapped[int] = mapped_column(ForeignKey(Shareholder.id))
    name: Mapped[str] = mapped_column(default="Budget principal")
    siret: Mapped[str] = mapped_column(unique=True)
    service_code: Mapped[str | None]
    """BT-10, the "code service exécutant"; None where this budget asks for none."""
    commitment_number: Mapped[str | None]
    """BT-13, the "numéro d'engagement juridique"."""
    kind: Mapped[str] = mapped_column(default="main")
    """main, annex, ccas or regie."""
    legal_personality: Mapped[bool] = mapped_column(default=False)
    """Whether it is a legal person of its own: then it, and not the municipality, has to be a shareholder."""
    nomenclature: Mapped[str] = mapped_column(default="M57")
    suggested_function: Mapped[str] = mapped_column(default="")
    suggested_account: Mapped[str] = mapped_column(default="")
    """Where the accountant may book the fee; a suggestion, theirs to change."""
    vat_recovery: Mapped[Decimal] = mapped_column(Numeric(5, 4), default=Decimal(0))
    """Part of the VAT on its energy that it recovers: 0 for most services of a municipality, 1 where it is taxed."""
    service_code_required: Mapped[bool] = mapped_column(default=False)
    commitment_required: Mapped[bool] = mapped_column(default=False)
    """What Chorus Pro refuses an invoice without (consulterStructure)."""

    shareholder: Mapped[Shareholder] = relationship(back_populates="budgets")
    commitments: Mapped[list[Commitment]] = relationship(
        back_populates="budget", order_by="(Commitment.year, Commitment.id)"
    )


class Commitment(Base):
    """Euros, VAT included, a budget committed for a year (engagement juridique); billing computes what is left."""

    __tablename__ = "commitment"
    __table_args__ = (
        UniqueConstraint("budget_id", "number"),
        CheckConstraint("amount > 0", name="amount"),
        {"schema": "contracts"},
    )

    id: Mapped[identifier]
    budget_id: Mapped[int] = mapped_column(ForeignKey(Budget.id))
    year: Mapped[int]
    number: Mapped[str]
    amount: Mapped[euros]
    expires_on: Mapped[dt.date | None]
    """Last day it may be invoiced on; None: the end of its year."""
    created_at: Mapped[created]

    budget: Mapped[Budget] = relationship(back_populates="commitments")


class Structure(Base):
    """What the directory of Chorus Pro says of a public structure: what it refuses an invoice without."""

    __tablename__ = "structure"
    __table_args__ = (CheckConstraint("source IN ('api', 'file')", name="source"), {"schema": "contracts"})

    siret: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    known: Mapped[bool]
    """Whether the directory has this SIRET at all."""
    service_code_required: Mapped[bool]
    commitment_required: Mapped[bool]
    one_of_both_required: Mapped[bool]
    payment_told: Mapped[bool]
    """Whether its accountant lets Chorus Pro say that an invoice was paid."""
    source: Mapped[str]
    asked_at: Mapped[dt.datetime]

    services: Mapped[list[StructureService]] = relationship(order_by="StructureService.code")


class StructureService(Base):
    """A service of a structure an invoice may be addressed to (code service exécutant)."""

    __tablename__ = "structure_service"
    __table_args__ = {"schema": "contracts"}

    siret: Mapped[str] = mapped_column(ForeignKey(Structure.siret), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    active: Mapped[bool]
    commitment_required: Mapped[bool]


class Departure(Base):
    """A shareholder left the SPL: no fee afterwards, and a list of what is still to be done."""

    __tablename__ = "departure"
    __table_args__ = (CheckConstraint("reason <> ''", name="reason"), {"schema": "contracts"})

    id: Mapped[identifier]
    shareholder_id: Mapped[int] = mapped_column(ForeignKey(Shareholder.id), unique=True)
    left_on: Mapped[dt.date]
    """First day it is no longer a shareholder."""
    reason: Mapped[str]
    created_at: Mapped[created]

    shareholder: Mapped[Shareholder] = relationship()
    tasks: Mapped[list[DepartureTask]] = relationship(back_populates="departure", order_by="DepartureTask.id")


class DepartureTask(Base):
    """One thing to do: the exit settlement, buy-out or removal of the sensors, keys, data."""

    __tablename__ = "departure_task"
    __table_args__ = (
        UniqueConstraint("departure_id", "code"),
        CheckConstraint("code IN ('settlement', 'sensors', 'keys', 'data', 'capital')", name="code"),
        {"schema": "contracts"},
    )

    id: Mapped[identifier]
    departure_id: Mapped[int] = mapped_column(ForeignKey(Departure.id))
    code: Mapped[str]
    due_on: Mapped[dt.date]
    done_on: Mapped[dt.date | None]
    note: Mapped[str] = mapped_column(default="")

    departure: Mapped[Departure] = relationship(back_populates="tasks")
