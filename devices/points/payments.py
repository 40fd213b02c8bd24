"""Say who pays a point and what power it may draw, from a day on; ask whether a saving reaches who pays (truth 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from devices.points.models import BoundaryTerm, PointPayment, SubscribedPower
from devices.points.payers import Contract, Payment, hindrances
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from decimal import Decimal

    from sqlalchemy.orm import Session

    from contracts.parties.models import Shareholder
    from devices.points.models import MeasurementBoundary, MeteringPoint
    from devices.points.payers import Hindrance

UNITS = ("kVA", "kW")
MOST_POWER = 100_000
"""No building of a municipality draws more; a bound that high would let every impossible value through."""


def set_payment(
    session: Session,
    point: MeteringPoint,
    *,
    contract: str,
    start: dt.date,
    end: dt.date | None = None,
    payer: Shareholder | None = None,
    payer_name: str = "",
    supplier: str = "",
    reference: str = "",
) -> PointPayment:
    """Say that `payer` (or `payer_name`, who is no shareholder) pays `point` during [start, end) of local days.

    What was said to go on until further notice ends where this begins.
    """
    if contract not in set(Contract):
        raise Refusal("Choisissez dans la liste comment l'énergie est payée.", field="contract")
    if (payer is None) == (payer_name == ""):
        raise Refusal(
            "Dites qui paie : une collectivité de la liste, ou le nom de qui n'en est pas une, l'un des deux.",
            field="payer",
        )
    if contract in {Contract.FIXED_PRICE, Contract.PROFIT_SHARE} and not supplier:
        raise Refusal("Un contrat d'exploitation a un exploitant ; écrivez son nom.", field="supplier")
    period = _follow(session, PointPayment, point, start, end)
    payment = PointPayment(
        point_id=point.id,
        period=period,
        contract=contract,
        payer=payer,
        payer_name=payer_name,
        supplier=supplier,
        reference=reference,
    )
    session.add(payment)
    session.flush()
    session.expire(point, ["payments"])
    return payment


def subscribe_power(
    session: Session,
    point: MeteringPoint,
    *,
    power: Decimal,
    unit: str,
    start: dt.date,
    end: dt.date | None = None,
) -> SubscribedPower:
    """Say what `point` may draw during [start, end) of local days: `power` in kVA or kW."""
    if point.direction != "import":
        raise Refusal("Une puissance souscrite est celle d'un point qui soutire ; celui-ci ne soutire pas.")
    if not 0 < power <= MOST_POWER:
        raise Refusal(
            "Une puissance souscrite est plus grande que zéro et d'au plus {most} {unit} ; recopiez celle de la"
            " facture.",
            field="power",
            most=MOST_POWER,
            unit=unit,
        )
    if unit not in UNITS:
        raise Refusal("Une puissance souscrite s'écrit en kVA ou en kW.", field="unit")
    period = _follow(session, SubscribedPower, point, start, end)
    subscribed = SubscribedPower(point_id=point.id, period=period, power=power, unit=unit)
    session.add(subscribed)
    session.flush()
    session.expire(point, ["subscriptions"])
    return subscribed


def _follow(
    session: Session,
    model: type[PointPayment | SubscribedPower],
    point: MeteringPoint,
    start: dt.date,
    end: dt.date | None,
) -> Range[dt.date]:
    """Return [start, end) once it is free: what went on until further notice ends where this begins."""
    if end is not None and end <= start:
        raise Refusal(
            "La période finit ({end:%d/%m/%Y}) avant d'avoir commencé ({start:%d/%m/%Y}).",
            field="end",
            end=end,
            start=start,
        )
    period: Range[dt.date] = Range(start, end)
    rows: Sequence[Any] = session.scalars(
        select(model).where(model.point_id == point.id, model.period.op("&&")(period)).with_for_update()
    ).all()
    for one in rows:
        if one.period.upper is not None or one.period.lower >= start:
            raise Refusal(
                "Entre ces dates, « {point} » a déjà ce qu'il faut depuis le {lower:%d/%m/%Y} ; choisissez une "
                "période libre.",
                field="start",
                point=point.name,
                lower=one.period.lower,
            )
        one.period = Range(one.period.lower, start)
    session.flush()
    return period


def payments_of(point: MeteringPoint) -> list[Payment]:
    """Return who pays `point`, as values other floors can keep."""
    return [
        Payment(
            one.period.lower,
            one.period.upper,
            Contract(one.contract),
            one.payer.name if one.payer is not None else one.payer_name,
            one.payer_id,
            one.supplier,
        )
        for one in point.payments
        if one.period.lower is not None
    ]


def hindrances_of(
    session: Session, boundary: MeasurementBoundary, start: dt.date, end: dt.date, *, shareholder: int | None = None
) -> list[Hindrance]:
    """Return why a saving of `boundary` does not reach who pays during [start, end) of local days; [] where it does.

    With `shareholder` (its number), who pays has to be that one. Only what the boundary draws and counts is paid for:
    what is deducted, produced or given to the network says nothing here.
    """
    terms = session.scalars(
        select(BoundaryTerm).where(
            BoundaryTerm.boundary_id == boundary.id,
            BoundaryTerm.numerator > 0,
            BoundaryTerm.period.op("&&")(Range(start, end)),
        )
    )
    found = []
    for term in terms:
        if term.point.direction != "import":
            continue
        first = max(term.period.lower or start, start)
        last = min(term.period.upper or end, end)
        found += hindrances(term.point.name, payments_of(term.point), first, last, shareholder=shareholder)
    return sorted(set(found))


def subscribed_kw(session: Session, point_id: int, day: dt.date) -> Decimal | None:
    """Return what a point may draw on local `day`, in kW, None where nobody said; a kVA is a kW at most."""
    return session.scalar(
        select(SubscribedPower.power).where(SubscribedPower.point_id == point_id, SubscribedPower.period.op("@>")(day))
    )
