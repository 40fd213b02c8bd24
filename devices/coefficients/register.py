"""Note what a cubic metre of gas is worth at a point, from one day to another."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range

from devices.coefficients.models import HEATING_VALUES, GasCoefficient
from devices.points.models import MeteringPoint
from foundation.errors import Refusal
from foundation.time import bounds

if TYPE_CHECKING:
    from decimal import Decimal

    from sqlalchemy.orm import Session

LEAST, MOST = 6, 16
"""kWh/m³: B gas 9.5 to H gas 12.8 on PCS, a tenth less on PCI; beyond is another unit."""
ONE_DAY: Final = dt.timedelta(days=1)


def note_coefficient(
    session: Session,
    point_id: int,
    *,
    start: dt.date,
    end: dt.date,
    kwh_per_m3: Decimal,
    heating_value: str = "PCS",
    source: str,
    by: str,
    replacing: bool = False,
) -> GasCoefficient:
    """Say that during local days [start, end) a m³ of the point is worth `kwh_per_m3`, as `source` (a bill) says.

    The same again changes nothing; another value for days that have one is refused, unless `replacing` (a declared
    correction), which takes the place of what it covers.
    """
    point = session.get_one(MeteringPoint, point_id)
    if point.energy != "gas":
        raise Refusal("Seul un point de gaz a un coefficient de conversion ; choisissez-en un.", field="point")
    if end <= start:
        raise Refusal("La période finit avant de commencer ; corrigez les dates.", field="end")
    if heating_value not in HEATING_VALUES:
        raise Refusal("Le coefficient est sur PCS ou sur PCI ; choisissez.", field="heating_value")
    if not LEAST <= kwh_per_m3 <= MOST:
        raise Refusal(
            "{kwh_per_m3:f} kWh/m³ n'est pas un coefficient de gaz naturel ; recopiez celui de la facture "
            "(entre 8 et 14 sur PCS).",
            field="kwh_per_m3",
            kwh_per_m3=kwh_per_m3,
        )
    if not source:
        raise Refusal("Dites de quelle facture vient ce coefficient.", field="source")
    period = Range(start, end)
    overlapped = session.scalars(
        select(GasCoefficient).where(
            GasCoefficient.point_id == point_id,
            GasCoefficient.heating_value == heating_value,
            GasCoefficient.period.op("&&")(period),
        )
    ).all()
    for other in overlapped:
        if other.kwh_per_m3 == kwh_per_m3 and other.period == period:
            return other
        if not replacing:
            first, after = bounds(other.period)
            raise Refusal(
                "Un coefficient de {coefficient:f} kWh/m³ est déjà noté du {first:%d/%m/%Y} au {last:%d/%m/%Y} "
                "({source}) ; corrigez les dates, ou importez la facture qui le remplace comme une correction.",
                field="start",
                coefficient=other.kwh_per_m3.normalize(),
                first=first,
                last=after - ONE_DAY,
                source=other.source,
            )
        _cut(session, other, start, end)
    session.flush()
    noted = GasCoefficient(
        point_id=point_id,
        period=period,
        kwh_per_m3=kwh_per_m3,
        heating_value=heating_value,
        source=source,
        entered_by=by,
    )
    session.add(noted)
    session.flush()
    return noted


def _cut(session: Session, other: GasCoefficient, start: dt.date, end: dt.date) -> None:
    """Leave of `other` what [start, end) does not cover."""
    first, after = bounds(other.period)
    kept = [piece for piece in ((first, min(after, start)), (max(first, end), after)) if piece[0] < piece[1]]
    if not kept:
        session.delete(other)
        return
    other.period = Range(*kept[0])
    session.flush()
    for piece in kept[1:]:
        session.add(
            GasCoefficient(
                point_id=other.point_id,
                period=Range(*piece),
                kwh_per_m3=other.kwh_per_m3,
                heating_value=other.heating_value,
                source=other.source,
                entered_by=other.entered_by,
            )
        )


def coefficients_of(session: Session, point_id: int, heating_value: str = "PCS") -> list[GasCoefficient]:
    """Return the coefficients of a point in order of time."""
    return list(
        session.scalars(
            select(GasCoefficient)
            .where(GasCoefficient.point_id == point_id, GasCoefficient.heating_value == heating_value)
            .order_by(func.lower(GasCoefficient.period))
        )
    )
