"""Register what was done to save energy and who paid, and say which agreement shares it (truth 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from contracts.measures.models import Grant, Measure, SharedMeasure
from contracts.sites.models import Holding
from foundation.errors import Refusal
from foundation.money import euros

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable
    from decimal import Decimal

    from sqlalchemy.orm import Session

    from contracts.agreements.models import Agreement
    from contracts.sites.models import Building


def record_measure(
    session: Session,
    building: Building,
    *,
    title: str,
    done_on: dt.date,
    paid_by: str,
    payer: str = "",
    cost: Decimal | None = None,
    shared_with: str = "",
) -> Measure:
    """Record a measure of `building`; `paid_by` is spl, shareholder, operator or other, the last two by name."""
    if not title.strip():
        raise Refusal("Dites ce qui a été fait.", field="title")
    if paid_by in {"operator", "other"} and not payer.strip():
        raise Refusal("Nommez qui a payé.", field="payer")
    if cost is not None and cost < 0:
        raise Refusal("Un coût ne peut pas être négatif.", field="cost")
    owner = session.scalar(
        select(Holding.shareholder_id).where(Holding.building_id == building.id, Holding.period.contains(done_on))
    )
    if owner is None:
        raise Refusal(
            "Personne ne détenait « {building} » le {day} ; enregistrez d'abord qui le détient.",
            field="done_on",
            building=building.name,
            day=f"{done_on:%d/%m/%Y}",
        )
    measure = Measure(
        building=building,
        shareholder_id=owner,
        title=title.strip(),
        done_on=done_on,
        paid_by=paid_by,
        payer=payer.strip(),
        cost=None if cost is None else euros(cost),
        shared_with=shared_with.strip(),
    )
    session.add(measure)
    session.flush()
    return measure


def add_grant(
    session: Session,
    measure: Measure,
    *,
    kind: str,
    source: str,
    amount: Decimal,
    kwh_cumac: Decimal | None = None,
) -> Grant:
    """Record a grant, or certificates (`kind` cee, with their kWh cumac), that `measure` received."""
    if not source.strip():
        raise Refusal("Dites qui l'a donnée, ou le numéro des certificats.", field="source")
    if amount < 0:
        raise Refusal("Un montant ne peut pas être négatif ; écrivez zéro ou plus.", field="amount")
    if (kind == "cee") != (kwh_cumac is not None):
        raise Refusal("Des certificats, et eux seuls, se comptent en kWh cumac.", field="kwh_cumac")
    grant = Grant(measure=measure, kind=kind, source=source.strip(), amount=euros(amount), kwh_cumac=kwh_cumac)
    session.add(grant)
    session.flush()
    return grant


def share_measure(
    session: Session,
    measure: Measure,
    agreement: Agreement,
    *,
    clause: str = "",
    hindrances: Iterable[str] = (),
) -> SharedMeasure:
    """Let `agreement` share what `measure` saves.

    Refused where the SPL did not bring it and no `clause` of the agreement says so, where it is shared already, or for
    the first of `hindrances`: why the saving does not reach the payer (`devices.points.payments.hindrances_of`).
    """
    if measure.shareholder_id != agreement.shareholder_id:
        raise Refusal(
            "« {title} » n'est pas de la collectivité de l'accord {number} ; choisissez un accord avec elle.",
            field="agreement_id",
            title=measure.title,
            number=agreement.number,
        )
    if measure.shared_with:
        raise Refusal(
            "L'économie de « {title} » est déjà partagée avec {operator} : elle ne se partage qu'une fois.",
            title=measure.title,
            operator=measure.shared_with,
        )
    other = session.scalar(select(SharedMeasure).where(SharedMeasure.measure_id == measure.id))
    if other is not None:
        raise Refusal(
            "L'économie de « {title} » est déjà partagée par l'accord {number} : elle ne se partage qu'une fois.",
            title=measure.title,
            number=other.agreement.number,
        )
    if measure.paid_by != "spl" and not clause.strip():
        raise Refusal(
            "La SPL n'a pas apporté « {title} » : seul ce qu'elle apporte est partagé, sauf"
            " clause expresse. Citez la"
            " clause de l'accord, ou laissez cette mesure hors du partage.",
            field="clause",
            title=measure.title,
        )
    for sentence in hindrances:
        raise Refusal(sentence)
    shared = SharedMeasure(agreement=agreement, measure=measure, clause=clause.strip())
    session.add(shared)
    session.flush()
    return shared
