"""Propose an event, agree to it, reject or withdraw it: each party for itself, nothing is ever changed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range

from baseline.events.models import EventDecision, EventEvidence, NonRoutineEvent
from baseline.events.rules import KINDS, METHODS
from baseline.plans.models import MeasurementPlan
from contracts.sites.models import Holding
from foundation.attachments.store import keep
from foundation.canonical import canonical_sha256
from foundation.errors import Refusal
from foundation.money import kwh

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from sqlalchemy.orm import Session

    from baseline.events.models import EventSuggestion
    from baseline.events.rules import Speaker, Verdict
    from devices.points.models import MeasurementBoundary

DECISIONS: Final = 20121025
"""Class of the locks by which decisions on an event wait for one another; the trigger takes the same."""
ONE_DAY = dt.timedelta(days=1)


class Evidence(NamedTuple):
    """A file that shows what happened."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Proposal:
    """What is said of an event on local days [start, end), or from `start` on; see `NonRoutineEvent`."""

    kind: str
    method: str | None
    start: dt.date
    end: dt.date | None
    reason: str
    energy_kwh: Decimal | None = None
    submeter: MeasurementBoundary | None = None
    evidence: Sequence[Evidence] = ()
    supersedes: NonRoutineEvent | None = None
    suggestion: EventSuggestion | None = None


def propose(
    session: Session, boundary: MeasurementBoundary, proposal: Proposal, *, speaker: Speaker, today: dt.date
) -> NonRoutineEvent:
    """Add an event of `boundary`, agreed by who proposes it; the other party decides.

    A proposal that supersedes an open one of the same party withdraws it; an agreed one counts until this is agreed.
    """
    _demand_sense(boundary, proposal)
    shareholder_id = municipality_of(session, boundary, proposal.start)
    _demand_own(speaker, shareholder_id)
    event = NonRoutineEvent(
        boundary=boundary,
        shareholder_id=shareholder_id,
        supersedes=proposal.supersedes,
        suggestion_id=proposal.suggestion.id if proposal.suggestion else None,
        kind=proposal.kind,
        method=proposal.method,
        period=Range(proposal.start, proposal.end),
        energy_kwh=None if proposal.energy_kwh is None else kwh(proposal.energy_kwh),
        submeter=proposal.submeter,
        reason=proposal.reason.strip(),
        proposed_by_party=speaker.party,
        proposed_by=speaker.by,
        proposed_on=today,
        evidence=[
            EventEvidence(
                attachment=keep(
                    session, one.content, name=one.name, media_type=one.media_type, shareholder_id=shareholder_id
                )
            )
            for one in proposal.evidence
        ],
    )
    event.sha256 = canonical_sha256(event_document(event))
    if proposal.supersedes is not None:
        _demand_successor(session, boundary, proposal.supersedes, speaker, today)
    session.add(event)
    session.flush()
    decide(session, event, verdict="agreed", speaker=speaker, today=today)
    return event


def decide(
    session: Session, event: NonRoutineEvent, *, verdict: Verdict, speaker: Speaker, today: dt.date, reason: str = ""
) -> EventDecision:
    """Say for one party that it agrees, rejects (and why) or, if it proposed the event, withdraws it."""
    session.execute(select(func.pg_advisory_xact_lock(DECISIONS, event.id)))
    session.refresh(event, ["decisions"])
    _demand_own(speaker, event.shareholder_id)
    if event.state != "proposed":
        raise Refusal("Cet événement n'attend plus de décision ; pour en changer, proposez une nouvelle version.")
    mine = event.proposed_by_party == speaker.party
    if verdict == "withdrawn" and not mine:
        raise Refusal("Seule la partie qui a proposé l'événement le retire ; vous pouvez le refuser.")
    if verdict == "rejected" and mine:
        raise Refusal("Votre partie a proposé cet événement : retirez-le, ou attendez la réponse de l'autre.")
    if verdict == "rejected" and not reason.strip():
        raise Refusal("Dites pourquoi vous refusez : la suite en dépend.", field="reason")
    if verdict == "agreed" and any(one.party == speaker.party for one in event.decisions):
        raise Refusal("Votre partie a déjà donné son accord ; c'est à l'autre de répondre.")
    if verdict == "agreed" and event.supersedes is not None and _successor(session, event.supersedes) is not None:
        raise Refusal("Une autre version a été acceptée entre-temps ; proposez la vôtre par-dessus.")
    decision = EventDecision(
        event=event,
        party=speaker.party,
        verdict=verdict,
        by=speaker.by,
        account_id=speaker.account_id,
        decided_on=today,
        reason=reason.strip(),
    )
    session.add(decision)
    session.flush()
    return decision


def standing(session: Session, boundary_id: int) -> list[NonRoutineEvent]:
    """Return the events of a boundary that count or wait, in order of date: agreed and not superseded, or proposed."""
    events = session.scalars(
        select(NonRoutineEvent)
        .where(NonRoutineEvent.boundary_id == boundary_id)
        .order_by(func.lower(NonRoutineEvent.period), NonRoutineEvent.id)
    ).all()
    gone = {event.supersedes_id for event in events if event.state == "agreed"}
    return [event for event in events if event.state in {"agreed", "proposed"} and event.id not in gone]


def model_ends(session: Session, boundary_id: int) -> dt.date | None:
    """Return the first local day on which an agreed change of fuel has ended the boundary's model, or None."""
    switches = [one for one in standing(session, boundary_id) if one.kind == "fuel" and one.state == "agreed"]
    return min((one.period.lower for one in switches if one.period.lower), default=None)


def municipality_of(session: Session, boundary: MeasurementBoundary, day: dt.date) -> int:
    """Return the shareholder whose agreement an event from `day` on takes: the signed plan's, else the one holder's.

    Whoever signed the plan and sold since says nothing of what happened later (truth 11).
    """
    held = select(Holding).where(Holding.building_id.in_([building.id for building in boundary.buildings]))
    plan = session.scalar(
        select(MeasurementPlan)
        .where(MeasurementPlan.boundary_id == boundary.id, MeasurementPlan.agreement_id.is_not(None))
        .order_by(MeasurementPlan.id.desc())
        .limit(1)
    )
    if plan is not None and plan.agreement is not None:
        signed_by = plan.agreement.shareholder_id
        own = [one.period for one in session.scalars(held.where(Holding.shareholder_id == signed_by))]
        if not own or any(day in period for period in own):
            return signed_by
    holders = sorted({one.shareholder_id for one in session.scalars(held.where(Holding.period.contains(day)))})
    if len(holders) != 1:
        raise Refusal(
            "« {boundary} » n'est pas détenu par une seule collectivité au {day} : dites d'abord qui détient ses"
            " bâtiments, ou signez son plan de mesure.",
            field="start",
            boundary=boundary.name,
            day=f"{day:%d/%m/%Y}",
        )
    return holders[0]


def event_document(event: NonRoutineEvent) -> dict[str, Any]:
    """Return what was proposed, as the data whose hash reports quote."""
    return {
        "boundary": event.boundary.name,
        "supersedes": event.supersedes.sha256 if event.supersedes else None,
        "kind": event.kind,
        "method": event.method,
        "start": event.period.lower,
        "end": event.period.upper,
        "energy_kwh": None if event.energy_kwh is None else f"{event.energy_kwh:.3f}",
        "submeter": event.submeter.name if event.submeter else None,
        "reason": event.reason,
        "proposed_by_party": event.proposed_by_party,
        "proposed_by": event.proposed_by,
        "proposed_on": event.proposed_on,
        "evidence": sorted(one.attachment.sha256 for one in event.evidence),
    }


def _successor(session: Session, event: NonRoutineEvent) -> NonRoutineEvent | None:
    """Return the agreed event that superseded `event`, or None."""
    later = session.scalars(select(NonRoutineEvent).where(NonRoutineEvent.supersedes_id == event.id))
    return next((one for one in later if one.state == "agreed"), None)


def _demand_successor(
    session: Session, boundary: MeasurementBoundary, before: NonRoutineEvent, speaker: Speaker, today: dt.date
) -> None:
    if before.boundary_id != boundary.id:
        raise Refusal("Une version remplace un événement du même périmètre.", field="supersedes")
    if before.state == "proposed" and before.proposed_by_party == speaker.party:
        decide(session, before, verdict="withdrawn", speaker=speaker, today=today)
    elif before.state != "agreed" or _successor(session, before) is not None:
        raise Refusal(
            "Seul un événement accepté et encore en vigueur, ou votre propre proposition, se remplace.",
            field="supersedes",
        )


def _demand_own(speaker: Speaker, shareholder_id: int) -> None:
    if speaker.party == "shareholder" and speaker.shareholder_id != shareholder_id:
        raise Refusal("C'est à la collectivité liée par l'accord de se prononcer sur cet événement.")


def _demand_sense(boundary: MeasurementBoundary, proposal: Proposal) -> None:
    """Refuse what says too little, too much, or contradicts itself."""
    if not proposal.reason.strip():
        raise Refusal("Dites en quelques mots ce qui s'est passé.", field="reason")
    if proposal.kind not in KINDS:
        raise Refusal("Cette nature d'événement n'existe pas ; choisissez dans la liste.", field="kind")
    if proposal.end is not None and proposal.end <= proposal.start:
        raise Refusal("L'événement finit avant de commencer ; échangez les deux jours.", field="end")
    _demand_method(proposal)
    if (proposal.method == "estimate") != (proposal.energy_kwh is not None):
        raise Refusal("Les kWh s'indiquent avec la méthode « estimation », et seulement là.", field="energy_kwh")
    if proposal.method == "estimate" and proposal.end is None:
        raise Refusal("Une estimation vaut pour une durée : donnez le dernier jour de l'événement.", field="end")
    if (proposal.method == "submeter") != (proposal.submeter is not None):
        raise Refusal(
            "Le sous-compteur s'indique avec la méthode « sous-compteur », et seulement là.", field="submeter"
        )
    if proposal.submeter is not None and proposal.submeter.id == boundary.id:
        raise Refusal("Un périmètre ne se retranche pas de lui-même ; choisissez le sous-compteur.", field="submeter")


def _demand_method(proposal: Proposal) -> None:
    if proposal.kind == "fuel":
        if proposal.method is not None:
            raise Refusal(
                "Un changement d'énergie met fin au modèle : rien ne s'ajuste. Les énergies se comparent ensuite en"
                " euros, jamais en additionnant des kWh de gaz (PCS) et d'électricité ; laissez la méthode vide.",
                field="method",
            )
    elif proposal.method not in METHODS:
        raise Refusal("Choisissez comment l'événement s'ajuste.", field="method")
