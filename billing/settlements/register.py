"""Propose what an agreement owes for a period, have it read by a second person, accept it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from billing.settlements.disputes import held_keys
from billing.settlements.gather import BINDING, Gathered, gather, schedules
from billing.settlements.held import step_of_waiting, waiting_events
from billing.settlements.inputs import inputs_to_json
from billing.settlements.models import Settlement, SettlementLine
from billing.settlements.rules import hold
from billing.settlements.rules import propose as computed
from billing.settlements.turns import take_turn
from contracts.agreements.terms.codec import to_json
from contracts.agreements.versions import term_in_force
from contracts.agreements.years import years_until
from contracts.parties.models import Company
from foundation.errors import Refusal
from foundation.look.language import FRENCH
from foundation.messages import N_
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from billing.settlements.data import Line, Proposal
    from contracts.agreements.models import Agreement
    from contracts.agreements.years import YearOfContract
    from contracts.prices.rules import Schedule
    from foundation.actors import Actor

STATES = {
    "proposed": "proposé",
    "reviewed": "vérifié",
    "disputed": "contesté",
    "accepted": "accepté",
    "invoiced": "facturé",
}


def propose(
    session: Session,
    agreement: Agreement,
    *,
    start: dt.date,
    end: dt.date,
    today: dt.date,
    by: Actor | None = None,
) -> Settlement:
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
    settlement = _computed(session, agreement, years, end, today)
    return add_proposed(session, settlement, Range(start, end), today, by)


def complement(session: Session, agreement: Agreement, *, today: dt.date, by: Actor | None = None) -> Settlement:
    """Propose what `agreement` owes for the days settled so far beyond what their settlements asked for.

    For what should not wait for the next settlement, or where none comes any more: a dispute that was decided, data
    that came late after the last one. Its period is that of the last settlement. Refused where nothing has moved.
    """
    take_turn(session, agreement.id)
    _demand_none_open(_others(session, agreement))
    last = session.scalars(
        select(Settlement)
        .where(Settlement.agreement_id == agreement.id, Settlement.kind == "savings", Settlement.state.in_(BINDING))
        .order_by(Settlement.period.desc())
        .limit(1)
    ).one_or_none()
    if last is None:
        raise Refusal(N_("Rien n'est encore réglé dans cet accord : proposez un décompte."))
    start, end = bounds(last.period)
    years = years_until(*bounds(term_in_force(agreement)), start)
    settlement = _computed(session, agreement, years, end, today)
    if not settlement.amount:
        raise Refusal(
            N_("Rien n'a bougé depuis le dernier décompte : il n'y a ni correction tardive ni contestation tranchée.")
        )
    settlement.kind = "complement"
    return add_proposed(session, settlement, last.period, today, by)


def review(session: Session, settlement: Settlement, *, by: Actor, today: dt.date) -> Settlement:
    """Say that `by` read a proposed settlement; above the limit of the SPL it is not who proposed it."""
    take_turn(session, settlement.agreement_id)
    session.refresh(settlement)
    if settlement.state != "proposed":
        raise Refusal(N_("Ce décompte n'est plus à relire."))
    same = (
        by.account_id == settlement.proposer_id
        if settlement.proposer_id is not None
        else bool(settlement.proposed_by) and by.name == settlement.proposed_by
    )
    if settlement.needs_review and same:
        raise Refusal(
            N_("Vous l'avez proposé : au-delà de {limit}, une autre personne de la SPL le relit."),
            limit=FRENCH.euros(_limit(session)),
        )
    settlement.state, settlement.reviewed_on, settlement.reviewed_by = "reviewed", today, by.name or "SPL"
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
    if settlement.needs_review and settlement.state != "reviewed":
        raise Refusal(
            N_("Au-delà de {limit}, un décompte est relu par une deuxième personne de la SPL avant d'être accepté."),
            limit=FRENCH.euros(_limit(session)),
        )
    settlement.state = "accepted"
    settlement.accepted_on = today
    settlement.accepted_by = by.strip()
    session.flush()
    return settlement


def _computed(
    session: Session, agreement: Agreement, years: Sequence[YearOfContract], end: dt.date, today: dt.date
) -> Settlement:
    """Return the settlement of contract `years` until `end`, neither dated nor added yet."""
    gathered = gather(session, agreement, years, end)
    prices, held = schedules(agreement), held_keys(session, agreement)
    proposal = hold(computed(gathered.years, prices, today), held)
    settlement = _settlement(agreement, gathered, proposal, prices)
    reports = {key: report.sha256 for key, report in gathered.reports.items()}
    settlement.evaluation["inputs"] = inputs_to_json(gathered.years, reports, prices, held, today)
    return settlement


def add_proposed(
    session: Session, settlement: Settlement, period: Range[dt.date], today: dt.date, by: Actor | None
) -> Settlement:
    """Add a settlement that was computed, as proposed by `by` for `period`; a second person reads what is much."""
    settlement.period = period
    settlement.proposed_on = today
    if by is not None:
        settlement.proposed_by, settlement.proposer_id = by.name, by.account_id
    settlement.needs_review = abs(settlement.amount) > _limit(session)
    session.add(settlement)
    session.flush()
    return settlement


def _limit(session: Session) -> Decimal:
    """Return the amount above which a second person reads a settlement."""
    company = session.get(Company, 1)
    return Decimal("Infinity") if company is None else company.second_review_above


def _others(session: Session, agreement: Agreement) -> Sequence[Settlement]:
    """Return the settlements of savings that stand, in order."""
    return session.scalars(
        select(Settlement)
        .where(Settlement.agreement_id == agreement.id, Settlement.state != "disputed", Settlement.kind != "buy_out")
        .order_by(Settlement.period, Settlement.id)
    ).all()


def _demand_none_open(others: Sequence[Settlement]) -> None:
    for other in others:
        if other.state in {"proposed", "reviewed"}:
            other_start, other_end = bounds(other.period)
            raise Refusal(
                "Le décompte {number} (du {other_start:%d/%m/%Y} au {last}) attend l'accord de la collectivité ; "
                "qu'elle l'accepte ou le conteste d'abord.",
                number=other.id,
                other_start=other_start,
                last=_last(other_end),
            )


def _demand_turn(session: Session, agreement: Agreement, start: dt.date, end: dt.date) -> None:
    """Refuse a period that overlaps a settled one, lies before one, leaves days out, or comes while one is open."""
    everything = _others(session, agreement)
    others = [one for one in everything if one.kind == "savings"]
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
    _demand_none_open(everything)
    for other in others:
        other_start, _ = bounds(other.period)
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


def _settlement(
    agreement: Agreement, gathered: Gathered, proposal: Proposal, prices: Mapping[str, Schedule]
) -> Settlement:
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
        evaluation=_evaluation(proposal, gathered, prices),
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


def _evaluation(proposal: Proposal, gathered: Gathered, prices: Mapping[str, Schedule]) -> dict[str, Any]:
    """Return how the settlement was found, exact numbers as text, and the energy its reports hold (truth 5).

    Once both parties decided on the events, the newer report moves what is owed: the next settlement shows it.
    """
    waiting = waiting_events(gathered, prices)
    steps = [*proposal.steps, *(step_of_waiting(one) for one in waiting)]
    return {
        "terms": to_json(gathered.years[-1].terms),
        "years": [
            {"number": year.number, "fee": str(year.fee), "carried": str(year.carried)} for year in proposal.years
        ],
        "held": [{"key": list(line.key), "amount": str(line.amount)} for line in proposal.held],
        "waiting_events": waiting,
        "steps": [{**step.to_json(), "sentence": step.sentence(FRENCH)} for step in steps],
    }


def _sum(amounts: Any) -> Decimal:
    return sum(amounts, Decimal("0.00"))


def _last(end: dt.date) -> str:
    """Return the last day of a period that ends before `end`."""
    return f"{end - dt.timedelta(days=1):%d/%m/%Y}"
