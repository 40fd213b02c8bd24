"""Non-routine events, what each party said of them, and what the machine suggests."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from baseline.events.rules import KINDS, METHODS, PARTIES, VERDICTS, state_of
from baseline.plans.models import MeasurementPlan
from contracts.parties.models import Shareholder
from devices.points.models import MeasurementBoundary
from foundation.attachments.models import Attachment
from foundation.base import Base, created, identifier, kwh

if TYPE_CHECKING:
    from baseline.events.rules import State


class EventSuggestion(Base):
    """A window in which something else than the works seems to have changed the use; it adjusts nothing."""

    __tablename__ = "event_suggestion"
    __table_args__ = (
        CheckConstraint("(dismissed_on IS NULL) = (dismissed_reason IS NULL)", name="dismissed"),
        CheckConstraint("dismissed_reason <> ''", name="reason"),
        {"schema": "baseline"},
    )

    id: Mapped[identifier]
    plan_id: Mapped[int] = mapped_column(ForeignKey(MeasurementPlan.id), index=True)
    period: Mapped[Range[dt.date]]
    effect_kwh: Mapped[kwh]
    """What it took off the meter: positive when less was used."""
    half_width_kwh: Mapped[kwh | None]
    confidence_level: Mapped[float]
    evidence: Mapped[float]
    """Twice the logarithm of the likelihood ratio."""
    seen_on: Mapped[dt.date]
    dismissed_on: Mapped[dt.date | None]
    dismissed_by: Mapped[str | None]
    dismissed_reason: Mapped[str | None]
    created_at: Mapped[created]

    plan: Mapped[MeasurementPlan] = relationship()


class NonRoutineEvent(Base):
    """One version of what changed the use of a boundary from a day on, as one party proposed it; never changed.

    Another version names the one it supersedes, which counts until both parties agreed to its successor.
    """

    __tablename__ = "non_routine_event"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"method IN {METHODS}", name="method"),
        CheckConstraint(f"proposed_by_party IN {PARTIES}", name="party"),
        CheckConstraint("NOT isempty(period) AND lower(period) IS NOT NULL", name="period"),
        # A change of fuel ends the model: nothing is adjusted for.
        CheckConstraint("(kind = 'fuel') = (method IS NULL)", name="fuel"),
        CheckConstraint("(method IS NOT DISTINCT FROM 'estimate') = (energy_kwh IS NOT NULL)", name="estimate"),
        CheckConstraint("(method IS NOT DISTINCT FROM 'submeter') = (submeter_id IS NOT NULL)", name="submeter"),
        CheckConstraint("energy_kwh IS NULL OR upper(period) IS NOT NULL", name="estimate_ends"),
        {"schema": "baseline"},
    )

    id: Mapped[identifier]
    boundary_id: Mapped[int] = mapped_column(ForeignKey(MeasurementBoundary.id), index=True)
    shareholder_id: Mapped[int] = mapped_column(ForeignKey(Shareholder.id), index=True)
    """The municipality whose agreement it takes."""
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("baseline.non_routine_event.id"), index=True)
    suggestion_id: Mapped[int | None] = mapped_column(ForeignKey(EventSuggestion.id))
    """The suggestion it takes up."""
    kind: Mapped[str]
    method: Mapped[str | None]
    period: Mapped[Range[dt.date]]
    """Local days [start, end); no end: it goes on."""
    energy_kwh: Mapped[kwh | None]
    """Estimate of what it added to the meter over its whole period; negative if it made it use less."""
    submeter_id: Mapped[int | None] = mapped_column(ForeignKey(MeasurementBoundary.id))
    """Boundary whose measured kWh the event added to the meter; what feeds in counts in it with a coefficient of -1."""
    reason: Mapped[str]
    proposed_by_party: Mapped[str]
    proposed_by: Mapped[str]
    proposed_on: Mapped[dt.date]
    sha256: Mapped[str]
    """Hash of the canonical JSON of what was proposed, evidence included."""
    created_at: Mapped[created]

    boundary: Mapped[MeasurementBoundary] = relationship(foreign_keys=boundary_id)
    submeter: Mapped[MeasurementBoundary | None] = relationship(foreign_keys=submeter_id)
    shareholder: Mapped[Shareholder] = relationship()
    supersedes: Mapped[NonRoutineEvent | None] = relationship(remote_side="NonRoutineEvent.id")
    decisions: Mapped[list[EventDecision]] = relationship(back_populates="event", order_by="EventDecision.id")
    evidence: Mapped[list[EventEvidence]] = relationship(back_populates="event", order_by="EventEvidence.id")

    @property
    def state(self) -> State:
        """Return proposed, agreed, rejected or withdrawn: what both parties said makes it."""
        return state_of((decision.party, decision.verdict) for decision in self.decisions)


class EventEvidence(Base):
    """A file that shows what happened, deposited with the proposal."""

    __tablename__ = "event_evidence"
    __table_args__ = (UniqueConstraint("event_id", "attachment_id"), {"schema": "baseline"})

    id: Mapped[identifier]
    event_id: Mapped[int] = mapped_column(ForeignKey(NonRoutineEvent.id), index=True)
    attachment_id: Mapped[int] = mapped_column(ForeignKey(Attachment.id))

    event: Mapped[NonRoutineEvent] = relationship(back_populates="evidence")
    attachment: Mapped[Attachment] = relationship()


class EventDecision(Base):
    """What one party said of an event: agreed, rejected or, by who proposed it, withdrawn; only ever added."""

    __tablename__ = "event_decision"
    __table_args__ = (
        UniqueConstraint("event_id", "party", "verdict"),
        CheckConstraint(f"party IN {PARTIES}", name="party"),
        CheckConstraint(f"verdict IN {VERDICTS}", name="verdict"),
        CheckConstraint("verdict <> 'rejected' OR reason <> ''", name="reason"),
        {"schema": "baseline"},
    )

    id: Mapped[identifier]
    event_id: Mapped[int] = mapped_column(ForeignKey(NonRoutineEvent.id), index=True)
    party: Mapped[str]
    verdict: Mapped[str]
    by: Mapped[str]
    account_id: Mapped[int | None]
    decided_on: Mapped[dt.date]
    reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[created]

    event: Mapped[NonRoutineEvent] = relationship(back_populates="decisions")
