"""Codecs and the models of device each is for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from devices.inventory.models import DeviceModel
from foundation.attachments.models import Attachment
from foundation.base import Base, created, identifier


class Codec(Base):
    """A maker's `decodeUplink` (LoRa Alliance TS013), as it came; another version is another codec."""

    __tablename__ = "codec"
    __table_args__ = (UniqueConstraint("maker", "name", "version"), {"schema": "devices"})

    id: Mapped[identifier]
    maker: Mapped[str]
    name: Mapped[str]
    version: Mapped[str]
    licence: Mapped[str]
    """As its maker names it ("MIT", "propriétaire"): we run it, we do not give it away."""
    source_id: Mapped[int] = mapped_column(ForeignKey(Attachment.id))
    meanings: Mapped[dict[str, Any]]
    """What its fields mean: path → [quantity, unit] (devices.codecs.meanings)."""
    created_at: Mapped[created]

    source: Mapped[Attachment] = relationship()
    uses: Mapped[list[CodecUse]] = relationship(back_populates="codec", order_by="CodecUse.id")

    @property
    def title(self) -> str:
        """Return maker, name and version as one reads them."""
        return " ".join(filter(None, (self.maker, self.name, self.version)))


class CodecUse(Base):
    """The codec that reads what devices of a model send: one a model, changed when a newer one is attached."""

    __tablename__ = "codec_use"
    __table_args__ = {"schema": "devices"}

    id: Mapped[identifier]
    model_id: Mapped[int] = mapped_column(ForeignKey(DeviceModel.id), unique=True)
    codec_id: Mapped[int] = mapped_column(ForeignKey(Codec.id), index=True)

    model: Mapped[DeviceModel] = relationship()
    codec: Mapped[Codec] = relationship(back_populates="uses")
