"""The printed plan or report: made once in each language, found again by its row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from baseline.documents.pages import print_pages
from baseline.documents.plan import plan_pages
from baseline.documents.report import report_pages
from baseline.plans.deposits import reader_of
from baseline.plans.models import MeasurementPlan
from baseline.reports.models import SavingsDocument, SavingsReport
from foundation.attachments.store import keep

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy.orm import Session

    from foundation.look.language import Language


def original_of(session: Session, of: MeasurementPlan | SavingsReport, language: str) -> SavingsDocument | None:
    """Return the document of a plan or a report in `language`, or None where it was not printed yet."""
    plan_id, report_id = _numbers(of)
    return session.scalar(
        select(SavingsDocument).where(
            SavingsDocument.plan_id == plan_id,
            SavingsDocument.report_id.is_not_distinct_from(report_id),
            SavingsDocument.language == language,
        )
    )


def make_original(
    session: Session, of: MeasurementPlan | SavingsReport, language: Language, *, now: dt.datetime
) -> SavingsDocument:
    """Print a frozen plan or a report and keep it; the one there is, is returned as it was first printed."""
    known = original_of(session, of, language.code)
    if known is not None:
        return known
    plan_id, report_id = _numbers(of)
    if isinstance(of, MeasurementPlan):
        plan, name, pages = of, f"plan-{of.id}", plan_pages(session, of, language)
        instant = of.frozen_at or now
    else:
        plan, name, pages = of.plan, f"rapport-{of.id}", report_pages(session, of, language)
        instant = of.made_at
    pdf = print_pages(pages, instant=instant, language=language)
    row = SavingsDocument(
        plan_id=plan_id,
        report_id=report_id,
        language=language.code,
        attachment=keep(
            session,
            pdf,
            name=f"{name}-{language.code}.pdf",
            media_type="application/pdf",
            shareholder_id=reader_of(plan),
        ),
        made_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _numbers(of: MeasurementPlan | SavingsReport) -> tuple[int, int | None]:
    return (of.id, None) if isinstance(of, MeasurementPlan) else (of.plan_id, of.id)
