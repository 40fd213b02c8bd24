"""Make a report or an account once from its facts, find what was made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from baseline.documents.pages import print_pages
from billing.reports.account import account_facts, account_pages
from billing.reports.board import board_facts
from billing.reports.board_pages import board_pages
from billing.reports.models import ReportDocument
from billing.reports.municipality import facts_of
from billing.reports.municipality_pages import municipality_pages
from foundation.attachments.store import keep
from foundation.canonical import canonical_sha256

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from baseline.documents.pages import Printed
    from billing.settlements.models import Settlement
    from contracts.parties.models import Shareholder
    from foundation.look.language import Language

MAKE = "billing.report"
"""Kind of the job."""


def make_municipality(
    session: Session, owner: Shareholder, year: int, language: Language, *, now: dt.datetime, today: dt.date
) -> ReportDocument:
    """Return the report of `owner`'s year: the one there is, where its facts are the same."""
    facts = facts_of(session, owner, year, today=today)
    return _kept(session, "municipality", facts, language, now=now, shareholder_id=owner.id, year=year)


def make_board(session: Session, year: int, language: Language, *, now: dt.datetime, today: dt.date) -> ReportDocument:
    """Return the board's report of `year` up to today."""
    return _kept(session, "board", board_facts(session, year, today=today), language, now=now, year=year)


def make_account(session: Session, settlement: Settlement, language: Language, *, now: dt.datetime) -> ReportDocument:
    """Return the account of `settlement` on paper."""
    facts = account_facts(session, settlement)
    return _kept(
        session,
        "account",
        facts,
        language,
        now=now,
        shareholder_id=settlement.shareholder_id,
        settlement_id=settlement.id,
    )


def documents_of(
    session: Session,
    kind: str,
    *,
    shareholder_id: int | None = None,
    settlement_id: int | None = None,
) -> Sequence[ReportDocument]:
    """Return what was made, the newest first: of a municipality, of a settlement, or of the board."""
    query = select(ReportDocument).where(
        ReportDocument.kind == kind, ReportDocument.shareholder_id.is_not_distinct_from(shareholder_id)
    )
    if settlement_id is not None:
        query = query.where(ReportDocument.settlement_id == settlement_id)
    return session.scalars(query.order_by(ReportDocument.year.desc(), ReportDocument.id.desc())).all()


def pages_of(kind: str, facts: dict[str, Any], sha256: str, language: Language) -> Printed:
    """Return the document of frozen facts."""
    pages = {"municipality": municipality_pages, "board": board_pages, "account": account_pages}[kind]
    return pages(facts, sha256, language)


def _kept(
    session: Session,
    kind: str,
    facts: dict[str, Any],
    language: Language,
    *,
    now: dt.datetime,
    shareholder_id: int | None = None,
    settlement_id: int | None = None,
    year: int | None = None,
) -> ReportDocument:
    # The day it is asked for is no reason for another edition of the same figures.
    sha256 = canonical_sha256({name: value for name, value in facts.items() if name != "made_on"})
    known = session.scalar(
        select(ReportDocument).where(
            ReportDocument.kind == kind,
            ReportDocument.shareholder_id.is_not_distinct_from(shareholder_id),
            ReportDocument.settlement_id.is_not_distinct_from(settlement_id),
            ReportDocument.year.is_not_distinct_from(year),
            ReportDocument.language == language.code,
            ReportDocument.sha256 == sha256,
        )
    )
    if known is not None:
        return known
    pdf = print_pages(pages_of(kind, facts, sha256, language), instant=now, language=language)
    names = {
        "municipality": f"rapport-annuel-{year}",
        "board": f"conseil-{year}",
        "account": f"decompte-{settlement_id}",
    }
    row = ReportDocument(
        kind=kind,
        shareholder_id=shareholder_id,
        settlement_id=settlement_id,
        year=year,
        language=language.code,
        facts=facts,
        sha256=sha256,
        attachment=keep(
            session,
            pdf,
            name=f"{names[kind]}-{language.code}.pdf",
            media_type="application/pdf",
            shareholder_id=shareholder_id,
        ),
        made_at=now,
    )
    session.add(row)
    session.flush()
    return row
