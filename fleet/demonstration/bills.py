"""The measured year, settled: reports, settlements accepted, invoices issued and rendered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from baseline.plans.models import MeasurementPlan
from baseline.reports.models import SavingsReport
from billing.chorus.register import note_by_hand, note_status, to_deposit
from billing.invoices.models import Invoice
from billing.invoices.register import check, draft, issue
from billing.reports.register import documents_of
from billing.settlements.models import Settlement
from billing.settlements.register import accept, propose, review
from contracts.agreements.models import Agreement
from contracts.parties.models import Shareholder
from foundation.actors import Actor, Role
from foundation.errors import Refusal
from foundation.jobs.queue import ask

if TYPE_CHECKING:
    import datetime as dt
    from typing import Any

    from sqlalchemy.orm import Session

    from fleet.demonstration.timeline import Period
    from foundation.jobs.queue import Moment

REVIEWER = "Directeur de la SPL"
DEPOSITOR = "Comptable de la SPL"
REPORTS, RENDERING, ANNUAL = "baseline.make_report", "billing.render_invoice", "billing.report"


def plans_without_report(session: Session, year: Period) -> dict[str, dict[str, Any]]:
    """Return the items of a job that makes the report of `year` for each signed plan that has none."""
    reported = select(SavingsReport.plan_id).where(SavingsReport.period == _range(year))
    plans = session.scalars(
        select(MeasurementPlan)
        .where(MeasurementPlan.state == "signed", MeasurementPlan.id.not_in(reported))
        .order_by(MeasurementPlan.id)
    )
    return {
        plan.boundary.name: {"plan_id": plan.id, "start": year.start.isoformat(), "end": year.end.isoformat()}
        for plan in plans
    }


def ask_for_reports(session: Session, year: Period) -> None:
    """Ask for the reports of `year` that are missing."""
    items = plans_without_report(session, year)
    if items:
        ask(session, REPORTS, f"Rapports d'économies {year.start.year}", items)


def settle(session: Session, number: str, year: Period, *, accepted_by: str, today: dt.date) -> Settlement:
    """Return the accepted settlement of `year` for the agreement `number`, proposed and accepted where it was not."""
    agreement = session.scalars(select(Agreement).where(Agreement.number == number)).one()
    settlement = session.scalar(
        select(Settlement).where(Settlement.agreement_id == agreement.id, Settlement.period == _range(year))
    ) or propose(session, agreement, start=year.start, end=year.end, today=today)
    if settlement.state == "proposed":
        if settlement.needs_review:
            review(session, settlement, by=Actor(Role.OPERATOR, name=REVIEWER), today=today)
        accept(session, settlement, by=accepted_by, today=today)
    return settlement


def prepare_invoice(session: Session, settlement: Settlement, *, base_url: str, today: dt.date) -> Invoice | None:
    """Return the checked invoice of `settlement`, or None where nothing is owed."""
    if settlement.amount <= 0:
        return None
    invoice = draft(session, settlement, base_url=base_url, today=today)
    if invoice.state == "draft":
        check(session, invoice)
        if invoice.problems:
            raise Refusal(
                "La facture de {title} n'est pas prête : {problem}",
                title=settlement.agreement.title,
                problem=invoice.problems[0],
            )
    return invoice


def number_invoice(session: Session, invoice_id: int, today: dt.date) -> Invoice:
    """Issue an invoice that is ready; a transaction of its own, in which nothing else happens."""
    return issue(session, session.get_one(Invoice, invoice_id), today=today)


def invoices_without_pdf(session: Session) -> dict[str, dict[str, Any]]:
    """Return the items of a job that renders each issued invoice that has no PDF yet."""
    waiting = session.scalars(
        select(Invoice).where(Invoice.state == "issued", Invoice.pdf_id.is_(None)).order_by(Invoice.id)
    )
    return {str(invoice.number): {"invoice_id": invoice.id} for invoice in waiting}


def ask_for_pdfs(session: Session) -> None:
    """Ask for the renderings that are missing."""
    items = invoices_without_pdf(session)
    if items:
        ask(session, RENDERING, "Factures en PDF", items)


def deposit_by_hand(session: Session, moment: Moment) -> int:
    """Note the deposit of all issued invoices but the last in Chorus Pro, the first one suspended; return how many.

    By hand, as where no credential is given: nothing invented ever reaches the portal.
    """
    waiting = to_deposit(session)[:-1]
    for place, invoice in enumerate(waiting):
        noted = note_by_hand(
            session,
            invoice,
            flux=f"CPP{invoice.id:019d}",
            day=moment.today,
            by=DEPOSITOR,
            now=moment.now,
            today=moment.today,
        )
        comment = "Joindre l'attestation de service fait" if place == 0 else ""
        code = "SUSPENDUE" if place == 0 else "MISE_A_DISPOSITION"
        for said, why in (("DEPOSEE", ""), (code, comment)):
            note_status(session, noted, code=said, day=moment.today, comment=why, by=DEPOSITOR, now=moment.now)
    return len(waiting)


def without_annual_report(session: Session, siren: str) -> list[int]:
    """Return the number of the municipality with that SIREN, where it has no yearly report yet."""
    owner = session.scalars(select(Shareholder).where(Shareholder.siren == siren)).one()
    return [] if documents_of(session, "municipality", shareholder_id=owner.id) else [owner.id]


def ask_for_annual_report(session: Session, *, shareholder_id: int, year: Period) -> None:
    """Ask for the yearly report of a municipality."""
    number = year.start.year
    item = {"shareholder_id": shareholder_id, "year": number, "language": "fr"}
    ask(session, ANNUAL, f"Rapport annuel {number}", {f"{shareholder_id}-{number}": item})


def _range(year: Period) -> Range[dt.date]:
    return Range(year.start, year.end)
