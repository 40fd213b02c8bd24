"""What the year-end run has to do for each agreement, and how it does it, one step after the other.

Each step looks at what is there and does what is missing: killed anywhere and run again, the result is the same.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from billing.einvoice.model import CREDIT_NOTE
from billing.invoices.credits import draft_credit_note
from billing.invoices.models import Invoice
from billing.invoices.register import check, draft, issue
from billing.settlements.data import Outcome
from billing.settlements.models import Settlement
from billing.settlements.register import propose
from contracts.agreements.models import Agreement
from contracts.agreements.versions import term_in_force
from contracts.agreements.years import years_until
from foundation.errors import Refusal
from foundation.jobs.models import JobItem
from foundation.messages import N_
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from foundation.jobs.models import Job
    from foundation.jobs.queue import Moment

RUN = "billing.year_end"
"""Kind of the job."""
STEPS = {
    "propose": N_("proposer le décompte"),
    "wait": N_("attend l'accord de la collectivité"),
    "issue": N_("émettre et imprimer"),
    "render": N_("imprimer"),
    "cancelled": N_("facture annulée : à refaire à la main, s'il le faut"),
    "nothing": N_("rien n'est dû"),
    "done": N_("fait"),
}
"""What is next for an agreement."""


@dataclass(frozen=True, slots=True)
class Planned:
    """An agreement, the contract year to settle [start, end), and what is next for it."""

    agreement: Agreement
    start: dt.date
    end: dt.date
    step: str


def planned(session: Session, year: int) -> list[Planned]:
    """Return, agreement by agreement, what is next for its contract year that ends in the calendar `year`."""
    found = []
    agreements = session.scalars(select(Agreement).where(Agreement.state != "draft").order_by(Agreement.number))
    for agreement in agreements:
        span = year_ending_in(agreement, year)
        if span is not None:
            settlement = _settlement(session, agreement, *span)
            found.append(Planned(agreement, *span, _step(session, settlement)))
    return found


def year_ending_in(agreement: Agreement, year: int) -> tuple[dt.date, dt.date] | None:
    """Return the contract year [start, end) whose last day is in the calendar `year`, or None."""
    start, end = bounds(term_in_force(agreement))
    last_days = {one.end - dt.timedelta(days=1): one for one in years_until(start, end, end - dt.timedelta(days=1))}
    for last, one in last_days.items():
        if last.year == year:
            return one.start, one.end
    return None


def items_of(plans: list[Planned]) -> dict[str, dict[str, Any]]:
    """Return the items of a job for what can be done now: one an agreement."""
    return {
        one.agreement.number: {
            "agreement_id": one.agreement.id,
            "start": one.start.isoformat(),
            "end": one.end.isoformat(),
        }
        for one in plans
        if one.step in {"propose", "issue", "render"}
    }


def know_their_job(job: Job) -> None:
    """Tell each item of a new job which one it is of, so that it can add the item that prints what it issued."""
    for item in job.items:
        item.params = {**item.params, "job_id": job.id}


def settle_one(session: Session, params: Mapping[str, Any], moment: Moment) -> dict[str, Any]:
    """Do the next step of one agreement; what it issues is printed by an item it adds to the same job.

    Issuing comes last, so that the series is locked no longer than the commit takes.
    """
    agreement = session.get_one(Agreement, params["agreement_id"])
    start, end = dt.date.fromisoformat(params["start"]), dt.date.fromisoformat(params["end"])
    settlement = _settlement(session, agreement, start, end)
    if settlement is None:
        settlement = propose(
            session, agreement, start=_open_from(session, agreement, start), end=end, today=moment.today
        )
    step = _step(session, settlement)
    if step == "issue":
        make = draft_credit_note if settlement.outcome == Outcome.CREDIT_NOTE else draft
        document = make(session, settlement, base_url=moment.url, today=moment.today)
        if check(session, document, today=moment.today).problems:
            raise Refusal(
                "Le document de {number} n'est pas prêt : {problem}",
                number=agreement.number,
                problem=document.problems[0]["sentence"],
            )
        issue(session, document, today=moment.today)
        step = "render"
    if step == "render":
        document = session.scalars(_issued(settlement)).one()
        # A second time the same item is there already.
        session.execute(
            insert(JobItem)
            .values(
                job_id=params["job_id"],
                key=str(document.number),
                params={"invoice_id": document.id},
                state="queued",
                attempts=0,
            )
            .on_conflict_do_nothing()
        )
    return {"step": step, "settlement_id": settlement.id}


def _settlement(session: Session, agreement: Agreement, start: dt.date, end: dt.date) -> Settlement | None:
    """Return the settlement that closes the contract year, the latest where one was disputed."""
    for one in session.scalars(
        select(Settlement)
        .where(Settlement.agreement_id == agreement.id, Settlement.state != "disputed", Settlement.kind == "savings")
        .order_by(Settlement.id.desc())
    ):
        one_start, one_end = bounds(one.period)
        if start <= one_start and one_end == end:
            return one
    return None


def _open_from(session: Session, agreement: Agreement, start: dt.date) -> dt.date:
    """Return the first day of the contract year no instalment covers."""
    periods = session.scalars(
        select(Settlement.period).where(
            Settlement.agreement_id == agreement.id, Settlement.state != "disputed", Settlement.kind == "savings"
        )
    )
    return max([start, *(bounds(one)[1] for one in periods if bounds(one)[0] >= start)])


def _issued(settlement: Settlement) -> Any:
    gives_back = settlement.outcome == Outcome.CREDIT_NOTE
    return select(Invoice).where(
        Invoice.settlement_id == settlement.id,
        Invoice.number.is_not(None),
        Invoice.state == "issued",
        (Invoice.type_code == CREDIT_NOTE) == gives_back,
    )


def _step(session: Session, settlement: Settlement | None) -> str:
    if settlement is None:
        return "propose"
    if settlement.state in {"proposed", "reviewed"}:
        return "wait"
    if settlement.outcome not in {Outcome.INVOICE, Outcome.CREDIT_NOTE}:
        return "nothing"
    if settlement.state == "accepted":
        # Somebody took its invoice back: whether there is another one is not for a run over all to decide.
        taken_back = select(Invoice.id).where(Invoice.settlement_id == settlement.id, Invoice.state == "credited")
        return "issue" if session.scalar(taken_back.limit(1)) is None else "cancelled"
    printed = session.scalars(_issued(settlement)).one_or_none()
    return "done" if printed is None or printed.pdf_id is not None else "render"
