"""Where things are and who holds them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import CheckConstraint, FetchedValue, ForeignKey, UniqueConstraint
from sqlalchemy.dialects.postgresql import ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contracts.parties.models import Shareholder
from foundation.base import Base, created, identifier


class Site(Base):
    """A place with one address and one time zone."""

    __tablename__ = "site"
    __table_args__ = (UniqueConstraint("name", "city"), {"schema": "contracts"})

    id: Mapped[identifier]
    name: Mapped[str]
    timezone: Mapped[str]
    street: Mapped[str] = mapped_column(default="")
    postcode: Mapped[str] = mapped_column(default="")
    city: Mapped[str]
    latitude: Mapped[Decimal | None]
    longitude: Mapped[Decimal | None]
    altitude_m: Mapped[Decimal | None]
    """Metres above the sea."""
    synthetic: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[created]

    buildings: Mapped[list[Building]] = relationship(back_populates="site", order_by="Building.name")


class Building(Base):
    """A building of a site; what it uses is measured by metering points (truth 1)."""

    __tablename__ = "building"
    __table_args__ = (
        UniqueConstraint("site_id", "name"),
        CheckConstraint("floor_area_m2 > 0", name="floor_area"),
        {"schema": "contracts"},
    )

    id: Mapped[identifier]
    site_id: Mapped[int] = mapped_column(ForeignKey(Site.id))
    name: Mapped[str]
    use: Mapped[str]
    """What it is for, in the reader's words: "école élémentaire", "mairie", "gymnase"…"""
    floor_area_m2: Mapped[Decimal | None]
    created_at: Mapped[created]

    site: Mapped[Site] = relationship(back_populates="buildings")
    holdings: Mapped[list[Holding]] = relationship(back_populates="building", order_by="Holding.id")


class Holding(Base):
    """A shareholder holds a building during [start, end) of local days; never two at once (truth 11)."""

    __tablename__ = "holding"
    __table_args__ = (
        ExcludeConstraint(("building_id", "="), ("period", "&&"), name="ex_holding_one_holder", using="gist"),
        CheckConstraint("NOT isempty(period)", name="period"),
        CheckConstraint("origin IN ('declared', 'sale', 'merger', 'transfer')", name="origin"),
        {"schema": "contracts"},
    )

    id: Mapped[identifier]
    building_id: Mapped[int] = mapped_column(ForeignKey(Building.id))
    shareholder_id: Mapped[int] = mapped_column(ForeignKey(Shareholder.id), index=True)
    period: Mapped[Range[dt.date]]
    origin: Mapped[str] = mapped_column(default="declared")
    """How it began: declared, sale, merger or transfer."""
    act: Mapped[str] = mapped_column(default="")
    """The deed, decree or deliberation it rests on."""
    # The same period as UTC instants, by the site's time zone; a trigger fills it, row-level security compares it.
    instants: Mapped[Range[dt.datetime]] = mapped_column(FetchedValue(), FetchedValue(for_update=True))

    building: Mapped[Building] = relationship(back_populates="holdings")
    shareholder: Mapped[Shareholder] = relationship()
