"""The price schedule of an agreement."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.dialects.postgresql import ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contracts.agreements.models import Agreement
from foundation.base import Base, identifier, unit_price


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
    agreement_id: Mapped[int] = mapped_column(ForeignKey(Agreement.id))
    energy: Mapped[str]
    period: Mapped[Range[dt.date]]
    price: Mapped[unit_price]
    source: Mapped[str] = mapped_column(default="")
    """Where the price comes from, for example the supplier's contract."""

    agreement: Mapped[Agreement] = relationship(backref="prices")
