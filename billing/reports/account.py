"""The account of a settlement (décompte) on one page: what was measured, what the terms make of it, what is owed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from baseline.documents.pages import Printed, Section, Table
from contracts.agreements.terms.explanation import Step
from contracts.parties.models import Company
from contracts.prices.energies import ENERGY_NAMES
from foundation.look.energies import ENERGIES
from foundation.messages import N_
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from billing.settlements.models import Settlement
    from foundation.look.language import Language

SCHEMA = "account/1"
ONE_DAY = dt.timedelta(days=1)


def account_facts(session: Session, settlement: Settlement) -> dict[str, Any]:
    """Return what the account of `settlement` says, as data; who accepted it is not part of it, its figures are."""
    company = session.get(Company, 1)
    start, end = bounds(settlement.period)
    agreement = settlement.agreement
    return {
        "schema": SCHEMA,
        "synthetic": bool(company and company.synthetic) or agreement.shareholder.synthetic,
        "company": company.name if company else "SPL",
        "contact": company.email if company else "",
        "number": settlement.id,
        "agreement": agreement.number,
        "title": agreement.title,
        "shareholder": agreement.shareholder.name,
        "legal_basis": agreement.legal_basis,
        "first_day": start.isoformat(),
        "last_day": (end - ONE_DAY).isoformat(),
        "contract_year": settlement.contract_year_number,
        **{
            name: f"{getattr(settlement, name):f}"
            for name in ("baseline_value", "avoided_value", "share_to_date", "already_billed", "amount", "waiting")
        },
        "lines": [
            {
                "label": line.label,
                "energy": line.energy,
                "year": line.year,
                "adjusted_kwh": f"{line.report.adjusted_baseline_kwh:f}",
                "measured_kwh": f"{line.report.measured_kwh:f}",
                "avoided_kwh": f"{line.avoided_energy_kwh:f}",
                "half_width_kwh": f"{line.report.avoided_energy_kwh - line.report.avoided_low_kwh:f}",
                "days_counted": line.report.days_counted,
                "days_expected": line.report.days_expected,
                "value": f"{line.avoided_value:f}",
                "owed": f"{line.owed:f}",
                "amount": f"{line.amount:f}",
                "report": line.report.sha256,
            }
            for line in settlement.lines
        ],
        "steps": [
            {name: step[name] for name in ("name", "amount", "template", "values")}
            for step in settlement.evaluation["steps"]
        ],
    }


def account_pages(facts: Mapping[str, Any], sha256: str, language: Language) -> Printed:
    """Return the account as a document, from its facts alone."""
    _ = language.translate
    first, last = (language.date(dt.date.fromisoformat(facts[name])) for name in ("first_day", "last_day"))
    amount = Decimal(facts["amount"])
    lead = (
        N_("Du {first} au {last} : {avoided} évités dans l'année de l'accord, {share} pour la SPL, {amount} demandés.")
        if amount > 0
        else N_("Du {first} au {last} : {avoided} évités dans l'année de l'accord ; rien n'est demandé.")
        if amount == 0
        else N_("Du {first} au {last} : {avoided} évités dans l'année de l'accord ; {back} vous reviennent.")
    )
    return Printed(
        kind=_(N_("Décompte {number}")).format(number=facts["number"]),
        name=facts["shareholder"],
        company=facts["company"],
        contact=facts["contact"],
        date=_(N_("accord {agreement}, année {year}")).format(
            agreement=facts["agreement"], year=facts["contract_year"]
        ),
        sha256=sha256,
        lead=_(lead).format(
            first=first,
            last=last,
            avoided=language.euros(Decimal(facts["avoided_value"])),
            share=language.euros(Decimal(facts["share_to_date"])),
            amount=language.euros(amount),
            back=language.euros(-amount),
        ),
        figures=[
            (_(N_("Évité")), language.euros(Decimal(facts["avoided_value"])), _(N_("hors taxes"))),
            (_(N_("Part de la SPL")), language.euros(Decimal(facts["share_to_date"])), _(N_("à ce jour, hors taxes"))),
            (_(N_("Déjà facturé")), language.euros(Decimal(facts["already_billed"])), ""),
            (_(N_("Demandé")), language.euros(amount), _(N_("hors taxes"))),
        ],
        sections=[*([_lines(facts, language)] if facts["lines"] else []), _steps(facts, language)],
        synthetic=facts["synthetic"],
        tone="saved" if Decimal(facts["avoided_value"]) >= 0 else "excess",
        dense=True,
    )


def _lines(facts: Mapping[str, Any], language: Language) -> Section:
    _ = language.translate

    def number(text: str) -> str:
        return language.number(Decimal(text))

    return Section(
        _(N_("Qu'a-t-on mesuré ?")),
        table=Table(
            (
                _(N_("Périmètre")),
                _(N_("Référence, kWh")),
                _(N_("Mesuré, kWh")),
                _(N_("Évité, kWh")),
                _(N_("±, kWh")),
                _(N_("Jours")),
                _(N_("Valeur, €")),
                _(N_("Demandé, €")),
                _(N_("Rapport")),
            ),
            [
                (
                    f"{ENERGIES[one['energy']].mark} {_named(one, facts, language)}",
                    number(one["adjusted_kwh"]),
                    number(one["measured_kwh"]),
                    number(one["avoided_kwh"]),
                    number(one["half_width_kwh"]),
                    f"{one['days_counted']}/{one['days_expected']}",
                    language.number(Decimal(one["value"]), 2),
                    language.number(Decimal(one["amount"]), 2),
                    one["report"][:8],
                )
                for one in facts["lines"]
            ],
            figures=(1, 2, 3, 4, 5, 6, 7, 8),
        ),
    )


def _named(line: Mapping[str, Any], facts: Mapping[str, Any], language: Language) -> str:
    words = language.translate(ENERGY_NAMES[line["energy"]])
    name = line["label"] if words in line["label"] else f"{line['label']} ({words})"
    if line["year"] == facts["contract_year"]:
        return str(name)
    return language.translate(N_("{name}, année {year}")).format(name=name, year=line["year"])


def _steps(facts: Mapping[str, Any], language: Language) -> Section:
    _ = language.translate
    steps = [Step.from_json(one) for one in facts["steps"] if one["name"] != "result"]
    return Section(
        _(N_("Comment en vient-on au montant ?")),
        table=Table(
            (_(N_("Étape")), _(N_("Donne"))),
            [(one.sentence(language), language.euros(one.amount)) for one in steps],
            figures=(1,),
        ),
        points=[facts["legal_basis"]] if facts["legal_basis"] else [],
    )
