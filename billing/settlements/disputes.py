"""A dispute by the municipality holds its lines; the rest is proposed anew, and asked for again once it is decided.

Filed with a reason and documents within the days of the terms, answered by the SPL, given to an independent expert
where a party asks for one, decided: each act is a dated row that never changes.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal, NamedTuple

from sqlalchemy import select

from billing.settlements.data import LineKey
from billing.settlements.models import DisputeStep, Settlement
from billing.settlements.turns import take_turn
from contracts.agreements.terms.codec import from_json
from foundation.attachments.store import keep
from foundation.errors import Refusal
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.orm import Session

    from billing.settlements.models import SettlementLine
    from contracts.agreements.models import Agreement
    from contracts.agreements.terms.data import Deadlines

Party = Literal["spl", "shareholder"]
Outcome = Literal["maintained", "corrected"]


class Evidence(NamedTuple):
    """A file that shows why."""

    name: str
    media_type: str
    content: bytes


def deadlines_of(settlement: Settlement) -> Deadlines:
    """Return the days the terms of a settlement give for what follows it."""
    return from_json(settlement.evaluation["terms"]).deadlines


def last_day_to_dispute(settlement: Settlement) -> dt.date:
    """Return the last day on which the municipality may dispute: it is asked once the settlement may be accepted."""
    asked = settlement.proposed_on
    if settlement.needs_review and settlement.reviewed_on is not None:
        asked = settlement.reviewed_on
    return asked + dt.timedelta(days=deadlines_of(settlement).dispute_days)


def dispute(
    session: Session,
    settlement: Settlement,
    *,
    lines: Collection[SettlementLine],
    reason: str,
    by: str,
    today: dt.date,
    evidence: Sequence[Evidence] = (),
) -> Settlement:
    """Dispute `lines` of a proposed settlement, giving a reason and what shows it.

    It stays as it was proposed, disputed; its period can be proposed again, and then without these lines.
    """
    take_turn(session, settlement.agreement_id)
    session.refresh(settlement)
    if settlement.state not in {"proposed", "reviewed"}:
        raise Refusal(N_("Seul un décompte proposé se conteste ; celui-ci ne l'est plus."))
    if settlement.kind == "buy_out":
        raise Refusal(N_("Un rachat se refuse sans contestation : demandez à la SPL de déposer ses capteurs."))
    if not lines or any(line.settlement_id != settlement.id for line in lines):
        raise Refusal(N_("Choisissez les lignes de ce décompte que vous contestez."), field="lines")
    if not reason.strip():
        raise Refusal(N_("Dites pourquoi vous contestez : la réponse en dépend."), field="reason")
    if today > (last := last_day_to_dispute(settlement)):
        raise Refusal(
            N_(
                "Le délai de contestation de l'accord a fini le {last} ; écrivez à la SPL, une donnée nouvelle se"
                " corrige au décompte suivant."
            ),
            last=f"{last:%d/%m/%Y}",
        )
    settlement.state = "disputed"
    settlement.dispute = {
        "on": today.isoformat(),
        "by": by,
        "reason": reason.strip(),
        "lines": [[line.year, line.boundary_id, line.energy] for line in lines],
        "decided_on": None,
        "decision": None,
    }
    due = today + dt.timedelta(days=deadlines_of(settlement).answer_days)
    first, *others = evidence or (None,)
    _step(session, settlement, "filed", "shareholder", day=today, by=by, text=reason, due_on=due, evidence=first)
    for one in others:
        _step(session, settlement, "added", "shareholder", day=today, by=by, text="", evidence=one)
    return settlement


def add_document(
    session: Session, settlement: Settlement, *, document: Evidence, party: Party, by: str, today: dt.date
) -> DisputeStep:
    """Add a document to an open dispute, for one of the parties."""
    _demand_open(session, settlement)
    return _step(session, settlement, "added", party, day=today, by=by, text="", evidence=document)


def answer(
    session: Session, settlement: Settlement, *, outcome: Outcome, text: str, by: str, today: dt.date
) -> DisputeStep:
    """Answer for the SPL: the figures are maintained, or a new report will correct them, and why."""
    _demand_open(session, settlement)
    if any(step.kind == "answered" for step in settlement.dispute_steps):
        raise Refusal(N_("La SPL a déjà répondu ; reste à trancher, ou à nommer un expert."))
    if not text.strip():
        raise Refusal(N_("Écrivez la réponse : la collectivité doit pouvoir la comprendre."), field="text")
    return _step(session, settlement, "answered", "spl", day=today, by=by, text=text, outcome=outcome)


def name_expert(
    session: Session, settlement: Settlement, *, expert: str, party: Party, by: str, today: dt.date
) -> DisputeStep:
    """Name the independent expert one party asks for, once the SPL answered or let its days pass."""
    _demand_open(session, settlement)
    answered = any(step.kind == "answered" for step in settlement.dispute_steps)
    due = next((step.due_on for step in settlement.dispute_steps if step.kind == "filed"), None)
    if not answered and due is not None and today <= due:
        raise Refusal(N_("La SPL peut répondre jusqu'au {last} ; un expert se nomme ensuite."), last=f"{due:%d/%m/%Y}")
    if any(step.kind == "expert" for step in settlement.dispute_steps):
        raise Refusal(N_("Un expert est déjà nommé."))
    if not expert.strip():
        raise Refusal(N_("Nommez l'expert indépendant."), field="expert")
    due = today + dt.timedelta(days=deadlines_of(settlement).expert_days)
    return _step(session, settlement, "expert", party, day=today, by=by, text=expert, due_on=due)


def decide(
    session: Session, settlement: Settlement, *, outcome: Outcome, decision: str, by: str, today: dt.date
) -> Settlement:
    """Close the dispute of `settlement`: its lines are asked for by what follows as they are owed by then.

    What is corrected rests on a new report; until there is one, the lines are owed as they were.
    """
    _demand_open(session, settlement)
    if not decision.strip():
        raise Refusal(N_("Écrivez la décision et ce qui la motive."), field="decision")
    settlement.dispute = {
        **(settlement.dispute or {}),
        "decided_on": today.isoformat(),
        "decided_by": by,
        "decision": decision.strip(),
        "outcome": outcome,
    }
    _step(session, settlement, "decided", "spl", day=today, by=by, text=decision, outcome=outcome)
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


def _demand_open(session: Session, settlement: Settlement) -> None:
    take_turn(session, settlement.agreement_id)
    session.refresh(settlement)
    if settlement.dispute is None:
        raise Refusal(N_("Ce décompte n'est pas contesté."))
    if settlement.dispute["decided_on"] is not None:
        raise Refusal(N_("Cette contestation est déjà tranchée."))


def _step(
    session: Session,
    settlement: Settlement,
    kind: str,
    party: Party,
    *,
    day: dt.date,
    by: str,
    text: str,
    outcome: Outcome | None = None,
    due_on: dt.date | None = None,
    evidence: Evidence | None = None,
) -> DisputeStep:
    attachment = evidence and keep(
        session,
        evidence.content,
        name=evidence.name,
        media_type=evidence.media_type,
        shareholder_id=settlement.shareholder_id,
    )
    made = DisputeStep(
        settlement=settlement,
        kind=kind,
        party=party,
        day=day,
        by=by,
        text=text.strip(),
        outcome=outcome,
        due_on=due_on,
        attachment=attachment,
    )
    session.add(made)
    session.flush()
    return made
