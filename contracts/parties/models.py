"""The SPL, the municipalities that own it, and the budgets its invoices are addressed to."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.base import Base, created, identifier


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


class Shareholder(Base):
    """A public body that owns a part of the SPL and may therefore be served by it."""

    __tablename__ = "shareholder"
    __table_args__ = (
        CheckConstraint("kind IN ('commune', 'intercommunality', 'syndicate')", name="kind"),
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


class Budget(Base):
    """The payer: a budget of a shareholder with its own SIRET and what Chorus Pro asks of invoices sent to it."""

    __tablename__ = "budget"
    __table_args__ = {"schema": "contracts"}

    id: Mapped[identifier]
    shareholder_id: Mapped[int] = mapped_column(ForeignKey(Shareholder.id))
    name: Mapped[str] = mapped_column(default="Budget principal")
    siret: Mapped[str] = mapped_column(unique=True)
    service_code: Mapped[str | None]
    """BT-10, the "code service exécutant"; None where this budget asks for none."""
    commitment_number: Mapped[str | None]
    """BT-13, the "numéro d'engagement juridique"."""

    shareholder: Mapped[Shareholder] = relationship(back_populates="budgets")
