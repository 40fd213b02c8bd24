"""Declarative base: naming of constraints, column types used by every floor."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from sqlalchemy import DateTime, Identity, MetaData, Numeric, Text, func
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, TSTZRANGE, Range
from sqlalchemy.orm import DeclarativeBase, mapped_column

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# Columns that mean the same thing wherever they stand.
identifier = Annotated[int, mapped_column(Identity(always=True), primary_key=True)]
created = Annotated[dt.datetime, mapped_column(server_default=func.now())]
kwh = Annotated[Decimal, mapped_column(Numeric(16, 3))]
euros = Annotated[Decimal, mapped_column(Numeric(14, 2))]
unit_price = Annotated[Decimal, mapped_column(Numeric(12, 6))]


class Base(DeclarativeBase):
    """Mapped classes of all floors; each floor sets its own PostgreSQL schema in `__table_args__`."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text,
        dt.datetime: DateTime(timezone=True),
        Decimal: Numeric,
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        Range[dt.date]: DATERANGE,
        Range[dt.datetime]: TSTZRANGE,
    }
