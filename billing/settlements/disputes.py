"""A dispute by the municipality holds its lines; the rest is proposed anew, and asked for again once it is decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from billing.settlements.data import LineKey
from billing.settlements.models import Settlement
from billing.settlements.turns import take_turn
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection

    from sqlalchemy.orm import Session

    from billing.settlements.models import SettlementLine
    from contracts.agreements.models import Agreement


def dispute(
    session: Session,
    settlement: Settlement,
    *,
    lines: Collection[SettlementLine],
    reason: str,
    by: str,
    today: dt.date,
) -> Settlement:
    """Dispute `lines` of a proposed settlement, giving a reason.

    It stays as it was proposed, disputed; its period can be proposed again, and then without these lines.
    """
    take_turn(session, settlement.agreement_id)
    session.refresh(settlement)
    if settlement.state not in {"proposed", "reviewed"}:
        raise Refusal("Seul un décompte proposé se conteste ; celui-ci ne l'est plus.")
    if not lines or any(line.settlement_id != settlement.id for line in lines):
        raise Refusal("Choisissez les lignes de ce décompte que vous contestez.", field="lines")
    if not reason.strip():
        raise Refusal("Dites pourquoi vous contestez : la réponse en dépend.", field="reason")
    settlement.state = "disputed"
    settlement.dispute = {
        "on": today.isoformat(),
        "by": by,
        "reason": reason.strip(),
        "lines": [[line.year, line.boundary_id, line.energy] for line in lines],
        "decided_on": None,
        "decision": None,
    }
    session.flush()
    return settlement


def decide(session: Session, settlement: Settlement, *, decision: str, by: str, today: dt.date) -> Settlement:
    """Close the dispute of `settlement`: its lines are asked for by the next settlement as they are owed by then."""
    take_turn(session, settlement.agreement_id)
    session.refresh(settlement)
    if settlement.dispute is None:
        raise Refusal("Ce décompte n'est pas contesté.")
    if settlement.dispute["decided_on"] is not None:
        raise Refusal("Cette contestation est déjà tranchée.")
    if not decision.strip():
        raise Refusal("Écrivez la décision et ce qui la motive.", field="decision")
    settlement.dispute = {
        **settlement.dispute,
        "decided_on": today.isoformat(),
        "decided_by": by,
        "decision": decision.strip(),
    }
    session.flush()
    return settlement


def held_keys(session: Session, agreement: Agreement) -> set[LineKey]:
    """Return the lines of `agreement` whose disputes are open."""
    disputes = session.scalars(
        select(Settlement.dispute).where(Settlement.agreement_id == agreement.id, Settlement.state == "disputed")
    )
    return {
        LineKey(*line)
        for dispute in disputes
        if dispute is not None and dispute["decided_on"] is None
        for line in dispute["lines"]
    }
