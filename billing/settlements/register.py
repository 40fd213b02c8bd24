"""Propose what an agreement owes for a period, and accept it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from billing.settlements.disputes import held_keys
from billing.settlements.gather import Gathered, gather, schedules
from billing.settlements.inputs import inputs_to_json
from billing.settlements.models import Settlement, SettlementLine
from billing.settlements.rules import hold
from billing.settlements.rules import propose as computed
from billing.settlements.turns import take_turn
from contracts.agreements.terms.codec import to_json
from contracts.agreements.versions import term_in_force
from contracts.agreements.years import years_until
from foundation.errors import Refusal
from foundation.look.language import FRENCH
from foundation.time import bounds

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from billing.settlements.data import Line, Proposal
    from contracts.agreements.models import Agreement

STATES = {
    "proposed": "proposé",
    "reviewed": "vérifié",
    "disputed": "contesté",
    "accepted": "accepté",
    "invoiced": "facturé",
}


def propose(session: Session, agreement: Agreement, *, start: dt.date, end: dt.date, today: dt.date) -> Settlement:
    """Propose what `agreement` owes for [start, end) of local days, a part of one contract year.

    The figures are those of the contract year to `end`, less what was billed; a settlement that asks for nothing is
    kept all the same, with its reason. Lines of open disputes are held. Refuses a period that is settled already, not
    over, out of order or across two contract years, and whatever the reports, the prices and the terms refuse.
    """
    if agreement.state == "draft":
        raise Refusal("L'accord {number} n'est pas signé ; rien n'est dû avant sa signature.", number=agreement.number)
    if end <= start:
        raise Refusal(
            "La période finit ({end:%d/%m/%Y}) avant d'avoir commencé ({start:%d/%m/%Y}) ; corrigez les dates.",
            field="end",
            end=end,
            start=start,
        )
    years = years_until(*bounds(term_in_force(agreement)), start)
    year = years[-1]
    if end > year.end:
        raise Refusal(
            "L'année {number} de l'accord finit le {last} ; réglez-la, puis la suite à part.",
            field="end",
            number=year.number,
            last=_last(year.end),
        )
    take_turn(session, agreement.id)
    _demand_turn(session, agreement, start, end)
    gathered = gather(session, agreement, years, end)
    prices, held = schedules(agreement), held_keys(session, agreement)
    proposal = hold(computed(gathered.years, prices, today), held)
    settlement = _settlement(agreement, gathered, proposal)
    reports = {key: report.sha256 for key, report in gathered.reports.items()}
    settlement.evaluation["inputs"] = inputs_to_json(gathered.years, reports, prices, held, today)
    settlement.period = Range(start, end)
    settlement.proposed_on = today
    session.add(settlement)
    session.flush()
    return settlement


def accept(session: Session, settlement: Settlement, *, by: str, today: dt.date) -> Settlement:
    """Accept a proposed settlement on behalf of the municipality; its figures count as billed from then on."""
    take_turn(session, settlement.agreement_id)
    session.refresh(settlement)
    if settlement.state not in {"proposed", "reviewed"}:
        raise Refusal("Ce décompte est déjà {state}.", state=STATES[settlement.state])
    if not by.strip():
        raise Refusal("Indiquez qui accepte le décompte.", field="by")
    settlement.state = "accepted"
    settlement.accepted_on = today
    settlement.accepted_by = by.strip()
    session.flush()
    return settlement


def _demand_turn(session: Session, agreement: Agreement, start: dt.date, end: dt.date) -> None:
    """Refuse a period that overlaps a settled one, lies before one, leaves days out, or comes while one is open."""
    others = session.scalars(
        select(Settlement)
        .where(Settlement.agreement_id == agreement.id, Settlement.state != "disputed")
        .order_by(Settlement.period)
    ).all()
    for other in others:
        other_start, other_end = bounds(other.period)
        if start < other_end and other_start < end:
            raise Refusal(
                "La période du {other_start:%d/%m/%Y} au {last} est déjà réglée (décompte {number}, {state}) ; "
                "choisissez des jours qui ne le sont pas.",
                field="start",
                other_start=other_start,
                last=_last(other_end),
                number=other.id,
                state=STATES[other.state],
            )
    for other in others:
        other_start, other_end = bounds(other.period)
        if other.state in {"proposed", "reviewed"}:
            raise Refusal(
                "Le décompte {number} (du {other_start:%d/%m/%Y} au {last}) attend l'accord de la collectivité ; "
                "qu'elle l'accepte ou le conteste d'abord.",
                number=other.id,
                other_start=other_start,
                last=_last(other_end),
            )
        if end <= other_start:
            raise Refusal(
                "Des jours plus récents sont déjà réglés (décompte {number}).", field="start", number=other.id
            )
    if others:
        _, settled_to = bounds(others[-1].period)
        if start != settled_to and settled_to > years_until(*bounds(term_in_force(agreement)), start)[-1].start:
            raise Refusal(
                "Le dernier décompte s'arrête au {last} ; commencez au {settled_to:%d/%m/%Y}.",
                field="start",
                last=_last(settled_to),
                settled_to=settled_to,
            )


def _settlement(agreement: Agreement, gathered: Gathered, proposal: Proposal) -> Settlement:
    year = gathered.years[-1]
    recognised = proposal.years[-1]
    results = [line for line in (*proposal.lines, *proposal.held) if line.key.year == year.number]
    return Settlement(
        agreement=agreement,
        shareholder_id=agreement.shareholder_id,
        contract_year=Range(year.start, year.end),
        contract_year_number=year.number,
        state="proposed",
        outcome=proposal.outcome.value,
        baseline_value=_sum(line.result.baseline_euros for line in results),
        avoided_value=recognised.evaluation.net_euros,
        share_to_date=recognised.fee,
        already_billed=_sum(year.billed.values()),
        amount=proposal.total,
        waiting=proposal.waiting,
        evaluation=_evaluation(proposal, gathered),
        lines=[_line(line, gathered, year.number) for line in proposal.lines],
    )


def _line(line: Line, gathered: Gathered, year: int) -> SettlementLine:
    result, report = line.result, gathered.reports[line.key]
    label = result.boundary if line.key.year == year else f"{result.boundary} (année {line.key.year})"
    price = result.avoided_euros / result.avoided_kwh if result.avoided_kwh else Decimal(0)
    return SettlementLine(
        report=report,
        year=line.key.year,
        boundary_id=result.boundary_id,
        label=label,
        energy=result.energy,
        avoided_energy_kwh=result.avoided_kwh,
        mean_price=round(price, 6) if price > 0 else None,
        prices=_prices(line),
        baseline_value=result.baseline_euros,
        avoided_value=result.avoided_euros,
        half_width_value=result.half_width_euros,
        share=round(Decimal(line.share.numerator) / Decimal(line.share.denominator), 6),
        owed=line.owed,
        billed=line.billed,
        amount=line.amount,
    )


def _prices(line: Line) -> list[dict[str, Any]]:
    return [
        {
            "start": part.price.start.isoformat(),
            "end": part.price.end.isoformat() if part.price.end else None,
            "price": str(part.price.per_kwh),
            "days": part.days,
            "kwh": str(part.energy_kwh),
            "euros": str(part.amount),
        }
        for part in line.valuation.slices
    ]


def _evaluation(proposal: Proposal, gathered: Gathered) -> dict[str, Any]:
    """Return how the settlement was found, exact numbers as text, and the energy its reports hold (truth 5).

    Once both parties decided on the events, the newer report moves what is owed: the next settlement shows it.
    """
    return {
        "terms": to_json(gathered.years[-1].terms),
        "years": [
            {"number": year.number, "fee": str(year.fee), "carried": str(year.carried)} for year in proposal.years
        ],
        "held": [{"key": list(line.key), "amount": str(line.amount)} for line in proposal.held],
        "waiting_events": [
            {
                "key": list(key),
                "boundary": report.plan.boundary.name,
                "report": report.id,
                "held_kwh": str(report.held_kwh),
                "events": [event["id"] for event in report.events if event["state"] == "proposed"],
            }
            for key, report in sorted(gathered.reports.items())
            if report.held_kwh
        ],
        "steps": [{**step.to_json(), "sentence": step.sentence(FRENCH)} for step in proposal.steps],
    }


def _sum(amounts: Any) -> Decimal:
    return sum(amounts, Decimal("0.00"))


def _last(end: dt.date) -> str:
    """Return the last day of a period that ends before `end`."""
    return f"{end - dt.timedelta(days=1):%d/%m/%Y}"
