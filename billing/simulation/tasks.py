"""Simulations printed by the worker: kept as originals, before anybody signs."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from baseline.documents.pages import Printed, Section, Table, print_pages
from baseline.documents.sender import sender
from billing.simulation.charts import flow_chart, range_chart
from billing.simulation.compared import SAVINGS, compared
from billing.simulation.rules import Expected, over_savings, simulate
from billing.simulation.words import answer, assumed, figures, note
from contracts.agreements.models import Agreement
from contracts.agreements.terms.meaning import meanings
from contracts.agreements.versions import terms_in_force
from foundation.attachments.store import keep
from foundation.canonical import canonical_sha256
from foundation.jobs.queue import Moment, handles
from foundation.look.language import language_of
from foundation.messages import N_

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from foundation.look.language import Language

PRINT = "billing.print_simulation"
NAME = "simulation-{agreement}.pdf"
EXACT = {"baseline_kwh": Decimal, "price": Decimal, "sensor_cost": Decimal, "energy": str, "years": int}
"""How each field of `Expected` is read back; the others are fractions."""


def as_params(expected: Expected) -> dict[str, str]:
    """Return `expected` as text, to be read back by `expected_of`."""
    return {name: str(getattr(expected, name)) for name in Expected.__dataclass_fields__}


def expected_of(params: Mapping[str, str]) -> Expected:
    """Return what `as_params` wrote."""
    read = {name: EXACT.get(name, Fraction)(params[name]) for name in Expected.__dataclass_fields__}
    return Expected(**read)


@handles(PRINT)
def print_simulation(session: Session, params: Mapping[str, Any], moment: Moment) -> dict[str, Any]:
    """Print the simulation of an agreement's terms on what `params` expects."""
    agreement = session.get_one(Agreement, params["agreement_id"])
    language = language_of(params["language"])
    pages = simulation_pages(session, agreement, expected_of(params["expected"]), today=moment.today, language=language)
    pdf = print_pages(pages, instant=moment.now, language=language)
    name = NAME.format(agreement=agreement.number)
    return {"simulation_id": keep(session, pdf, name=name, media_type="application/pdf").id}


def simulation_pages(
    session: Session, agreement: Agreement, expected: Expected, *, today: dt.date, language: Language
) -> Printed:
    """Return the simulation of `agreement` as a document."""
    _ = language.translate
    terms, company = terms_in_force(agreement, today), sender(session)
    found = simulate(terms, expected)
    points = {name: over_savings(one, expected, SAVINGS) for name, one in compared(terms, language).items()}
    flows = flow_chart(found.by_year, language)
    every_fifth = range_chart({name: listed[::5] for name, listed in points.items()}, language)
    lead = answer(expected, found, language)
    clauses = [one.sentence(language) for one in meanings(terms)]
    return Printed(
        kind=_(N_("Simulation")),
        name=f"{agreement.title} ({agreement.number})",
        company=company.name,
        contact=company.email,
        date=language.date(today),
        sha256=canonical_sha256([lead, as_params(expected), clauses]),
        lead=lead,
        figures=[(name, value, "") for name, value in figures(found, language)],
        sections=[
            Section(_(N_("Qu'espère-t-on ?")), facts=assumed(expected, language)),
            Section(
                _(N_("Année par année")),
                paragraphs=[note(expected, language)],
                chart=flows,
                table=Table(flows.header, flows.rows, figures=tuple(range(1, len(flows.header)))),
            ),
            Section(
                _(N_("Et si l'économie était autre ?")),
                chart=range_chart(points, language),
                table=Table(every_fifth.header, every_fifth.rows, figures=tuple(range(1, len(every_fifth.header)))),
                new_page=True,
            ),
            Section(_(N_("Ce que disent les clauses")), points=clauses),
        ],
        synthetic=company.synthetic or agreement.shareholder.synthetic,
        tone="saved" if found.whole.kept[1] >= 0 else "excess",
    )
