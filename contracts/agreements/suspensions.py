"""Suspend an agreement, or one building of it, from day to day: no saving and no fee; end an agreement."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy.dialects.postgresql import Range

from contracts.agreements.coverage import end_coverage, move_end
from contracts.agreements.models import Agreement, Suspension
from contracts.agreements.versions import term_in_force
from foundation.errors import Refusal
from foundation.time import bounds

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from contracts.sites.models import Building


def suspend(
    session: Session,
    agreement: Agreement,
    *,
    start: dt.date,
    end: dt.date,
    reason: str,
    extends_term: bool,
    by: str,
    today: dt.date,
    building: Building | None = None,
) -> Suspension:
    """Suspend `agreement`, or its `building` only, during [start, end) of local days."""
    session.refresh(agreement, with_for_update=True)
    if agreement.state not in {"signed", "amended"}:
        raise Refusal("L'accord {number} n'est pas en vigueur ; il n'y a rien à suspendre.", number=agreement.number)
    if end <= start:
        raise Refusal("La suspension finit avant d'avoir commencé ; corrigez les dates.", field="end")
    if not reason.strip():
        raise Refusal("Dites pourquoi l'accord est suspendu : le décompte l'écrira.", field="reason")
    before = term_in_force(agreement)
    first, last = bounds(before)
    if start < first or start >= last:
        raise Refusal(
            "La suspension commence hors de l'accord, qui court du {first} au {last} ; choisissez un jour de sa durée.",
            field="start",
            first=f"{first:%d/%m/%Y}",
            last=f"{last - dt.timedelta(days=1):%d/%m/%Y}",
        )
    period: Range[dt.date] = Range(start, end)
    for other in agreement.suspensions:
        same = other.building_id is None or building is None or other.building_id == building.id
        if same and other.period.overlaps(period):
            raise Refusal(
                "Ces jours sont déjà suspendus en partie (« {reason} ») ; choisissez les autres.",
                field="start",
                reason=other.reason,
            )
    suspension = Suspension(
        agreement=agreement,
        building=building,
        period=period,
        reason=reason.strip(),
        extends_term=extends_term,
        declared_on=today,
        declared_by=by,
    )
    session.add(suspension)
    session.flush()
    move_end(session, agreement, before.upper, term_in_force(agreement).upper)
    return suspension


def resume(session: Session, suspension: Suspension, *, on: dt.date) -> Suspension:
    """Say that a suspension ends on day `on` (exclusive), earlier or later than it was declared."""
    start, _ = bounds(suspension.period)
    if on <= start:
        raise Refusal("La suspension finit avant d'avoir commencé ; corrigez la date.", field="on")
    before = term_in_force(suspension.agreement)
    suspension.period = Range(start, on)
    session.flush()
    move_end(session, suspension.agreement, before.upper, term_in_force(suspension.agreement).upper)
    return suspension


def end_agreement(session: Session, agreement: Agreement, *, on: dt.date, reason: str) -> Agreement:
    """End a signed agreement before its term: day `on` is the first that owes nothing; what came before is settled."""
    session.refresh(agreement, with_for_update=True)
    if agreement.state not in {"signed", "amended"}:
        raise Refusal("L'accord {number} n'est pas en vigueur ; il ne peut pas finir.", number=agreement.number)
    first, end = bounds(term_in_force(agreement))
    if not first < on <= end:
        raise Refusal(
            "L'accord court du {first} au {last} ; il finit pendant sa durée, ou à son terme.",
            field="on",
            first=f"{first:%d/%m/%Y}",
            last=f"{end - dt.timedelta(days=1):%d/%m/%Y}",
        )
    if not reason.strip():
        raise Refusal("Dites pourquoi l'accord finit.", field="reason")
    end_coverage(session, agreement, on)
    agreement.state, agreement.ended_on, agreement.ended_because = "ended", on, reason.strip()
    session.flush()
    return agreement
