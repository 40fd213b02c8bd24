"""Series that files bring, and declared corrections of readings (raw is never changed, truth 3)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from devices.ingest.models import many
from devices.inventory.models import Installation
from foundation.attachments.models import Attachment
from foundation.base import Base, created

STEPS = ("index", "day", "PT5M", "PT10M", "PT15M", "PT30M", "PT60M")
"""An index at instants, or the energy (volume) of each local day or step; from `devices.imports.profile.STEPS`."""


COUNTS = ("energy", "volume")


class ImportedSeries(Base):
    """Says that an installation is no sensor but what files say of the meter, and what its readings are.

    Where `step` is not "index", a reading is the energy of the interval that begins at its instant.
    """

    __tablename__ = "imported_series"
    __table_args__ = (
        CheckConstraint(f"step IN {STEPS}", name="step"),
        CheckConstraint(f"counts IN {COUNTS}", name="counts"),
        {"schema": "devices"},
    )

    installation_id: Mapped[int] = mapped_column(ForeignKey(Installation.id), primary_key=True)
    step: Mapped[str]
    counts: Mapped[str]
    """What its readings are: kWh (m³ of water), or m³ of gas, that dated coefficients turn into kWh."""

    installation: Mapped[Installation] = relationship()


class ReadingCorrection(Base):
    """Another value for a reading, declared by somebody with a reason; the reading stays, the newest value counts."""

    __tablename__ = "reading_correction"
    __table_args__ = (Index("ix_reading_correction_reading", "installation_id", "ts", "id"), {"schema": "devices"})

    id: Mapped[many]
    installation_id: Mapped[int] = mapped_column(ForeignKey(Installation.id))
    ts: Mapped[dt.datetime]
    value: Mapped[Decimal]
    reason: Mapped[str]
    attachment_id: Mapped[int] = mapped_column(ForeignKey(Attachment.id))
    """The file that brought it."""
    corrected_by: Mapped[str]
    created_at: Mapped[created]
