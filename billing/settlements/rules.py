"""What a settlement asks for: what the terms give for each contract year to date, less what was billed for it.

One rule for instalments, balances and late data: proposed = owed − already billed, by year, boundary and energy. Since
what is owed is recomputed from the days alone, a year owes the same however it was cut into settlements and in whatever
order its data came. What an instalment turns out to have billed too much waits, in sight, for the rest of the year;
what is left of it when the year closes is a credit note. Late data change a settled year as a line of the next
settlement, within the limits of the terms; an issued document never changes.
"""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from billing.settlements import sentences as say
from billing.settlements.data import Line, LineKey, Outcome, Proposal, RecognisedYear
from contracts.agreements.terms.data import ZERO, LateData
from contracts.agreements.terms.evaluation import Evaluation, allocate, evaluate
from contracts.agreements.terms.explanation import Step, step
from contracts.agreements.terms.findings import revision_due
from contracts.agreements.terms.year import ContractYear, EnergyResult, ResultKey
from contracts.prices.energies import ENERGY_NAMES
from contracts.prices.rules import Schedule, Valuation, mean_price, value
from foundation.errors import Refusal
from foundation.money import euros

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from decimal import Decimal

    from billing.settlements.data import Measured, YearToDate


def valued(measured: Measured, schedules: Mapping[str, Schedule]) -> tuple[EnergyResult, Valuation]:
    """Return `measured` in euros by the schedule of its energy, and the avoided energy price by price.

    Refuses an energy without schedule and days without price. The half-width is known for the period only and is
    valued at the price of its adjusted baseline.
    """
    schedule = schedules.get(measured.energy)
    if schedule is None:
        name = ENERGY_NAMES.get(measured.energy, measured.energy).capitalize()
        raise Refusal("{name} : l'accord n'a aucun prix ; complétez la grille de prix.", field="prices", name=name)
    avoided = value(schedule, measured.avoided_kwh)
    baseline = value(schedule, measured.baseline_kwh)
    price = mean_price(schedule, measured.baseline_kwh)
    result = EnergyResult(
        boundary_id=measured.boundary_id,
        boundary=measured.boundary,
        energy=measured.energy,
        adjusted_baseline_kwh=baseline.energy_kwh,
        avoided_kwh=avoided.energy_kwh,
        half_width_kwh=measured.half_width_kwh,
        confidence=measured.confidence,
        baseline_euros=baseline.amount,
        avoided_euros=avoided.amount,
        half_width_euros=euros(Fraction(measured.half_width_kwh) * price),
        days_without_result=measured.days_expected - len(measured.avoided_kwh),
    )
    return result, avoided


def propose(years: Sequence[YearToDate], schedules: Mapping[str, Schedule], today: dt.date) -> Proposal:
    """Return the settlement of an agreement's contract `years`, from its first to the one that is settled.

    All but the last are closed. Refuses a period that is not over, an earlier year left open, a boundary billed before
    and now without result, and whatever `valued` and `evaluate` refuse.
    """
    _demand_order(years, today)
    recognised: list[RecognisedYear] = []
    lines: list[Line] = []
    steps: list[Step] = []
    gaps: list[Fraction] = []
    for year in years:
        priced = [valued(measured, schedules) for measured in year.measured]
        before = recognised[-1] if recognised else None
        contract_year = ContractYear(
            number=year.number,
            results=tuple(result for result, _ in priced),
            closed=year.closed,
            carried=before.carried if before else ZERO,
            fees_before=sum((earlier.fee for earlier in recognised), ZERO),
        )
        evaluation = evaluate(year.terms, contract_year)
        steps += _suspensions(year)
        steps += evaluation.steps
        recognised.append(_recognise(year, evaluation, contract_year.fees_before, today, steps))
        lines += _lines(year, priced, allocate(evaluation, recognised[-1].fee))
        gaps += _gap(year, priced)
        if year.closed and year is years[-1]:
            steps += _revision(year, gaps)
    return _outcome(tuple(lines), tuple(recognised), tuple(steps), may_credit=years[-1].closed)


def _gap(year: YearToDate, priced: Sequence[tuple[EnergyResult, Valuation]]) -> list[Fraction]:
    """Return what was avoided in a closed year as a part of its adjusted baseline; nothing where none was measured."""
    baseline = sum((Fraction(result.adjusted_baseline_kwh) for result, _ in priced), Fraction())
    avoided = sum((Fraction(result.avoided_kwh) for result, _ in priced), Fraction())
    return [avoided / baseline] if year.closed and baseline else []


def _revision(year: YearToDate, gaps: Sequence[Fraction]) -> list[Step]:
    """Return the sentence that the baseline is to be renegotiated, if the clause of the terms is met."""
    clause = year.terms.revision
    if clause is None or (due := revision_due(year.terms, gaps)) is None:
        return []
    gap = round(Fraction(due.data["mean_gap"]), 4)
    return [step("revision", ZERO, say.REVISION, years=clause.years, gap_ratio=gap, limit_ratio=clause.gap)]


def _suspensions(year: YearToDate) -> list[Step]:
    """Return a sentence for each suspension of the year, so that nobody looks for its days."""
    return [
        step(
            "suspended",
            ZERO,
            say.SUSPENDED,
            boundary=measured.boundary,
            first=f"{one.start:%d/%m/%Y}",
            last=f"{one.end - dt.timedelta(days=1):%d/%m/%Y}",
            reason=one.reason,
        )
        for measured in year.measured
        for one in measured.suspended
    ]


def hold(proposal: Proposal, disputed: Collection[LineKey]) -> Proposal:
    """Return `proposal` without the lines the municipality disputes; the rest goes on.

    Only what is asked for can be held: a line in the municipality's favour stays. Where the rest of an invoice
    falls below zero it waits for the decision: a dispute never turns an invoice into a credit note.
    """
    held = tuple(line for line in proposal.lines if line.key in disputed and line.amount > 0)
    if not held:
        return proposal
    rest = tuple(line for line in proposal.lines if line not in held)
    amount = sum((line.amount for line in held), ZERO)
    steps = (*proposal.steps[:-1], step("held", amount, say.HELD, held_euros=amount))
    may_credit = proposal.outcome is Outcome.CREDIT_NOTE
    return _outcome(rest, proposal.years, steps, may_credit=may_credit, held=held)


def _demand_order(years: Sequence[YearToDate], today: dt.date) -> None:
    if any(later.number != earlier.number + 1 or later.start != earlier.end for earlier, later in pairwise(years)):
        raise ValueError("contract years follow one another")
    for year in years[:-1]:
        if not year.closed:
            raise Refusal(
                "L'année {number} de l'accord n'est pas mesurée jusqu'à sa fin ; soldez-la avant la suivante.",
                field="period",
                number=year.number,
            )
    if years[-1].to > today:
        raise Refusal("La période n'est pas terminée ; réglez-la quand elle est entièrement mesurée.", field="period")


def _recognise(
    year: YearToDate, evaluation: Evaluation, fees_before: Decimal, today: dt.date, steps: list[Step]
) -> RecognisedYear:
    """Return what `year` owes now; once settled, late data move it only within the limits of the terms.

    The limit in euros is on the sum of all corrections since closing, so that it does not depend on their order.
    """
    fee, carried = evaluation.fee, evaluation.carried
    settled = year.settled
    if settled is not None:
        if today > _last_day(settled.on, year.terms.late_data):
            fee, carried = settled.fee, settled.carried
        elif (limit := year.terms.late_data.amount) is not None:
            fee = min(max(fee, settled.closing_fee - limit), settled.closing_fee + limit)
        if (cap := year.terms.cumulative_cap) is not None:
            fee = min(fee, max(cap.amount - fees_before, ZERO))
        if fee != settled.fee:
            values = {"before_euros": settled.fee, "fee_euros": fee, "change_euros": fee - settled.fee}
            steps.append(step("late", fee - settled.fee, say.LATE, year=year.number, **values))
        if fee != evaluation.fee:
            beyond = evaluation.fee - fee
            steps.append(step("too_late", ZERO, say.TOO_LATE, year=year.number, beyond_euros=beyond))
    return RecognisedYear(year.number, evaluation, fee, carried)


def _last_day(settled_on: dt.date, limits: LateData) -> dt.date:
    """Return the last day on which late data still count."""
    years, month = divmod(settled_on.month - 1 + limits.months, 12)
    year = settled_on.year + years
    return dt.date(year, month + 1, min(settled_on.day, calendar.monthrange(year, month + 1)[1]))


def _lines(
    year: YearToDate, priced: Sequence[tuple[EnergyResult, Valuation]], owed: Mapping[ResultKey, Decimal]
) -> list[Line]:
    if orphans := sorted(key.boundary_id for key in year.billed if key not in owed):
        raise Refusal(
            "Le périmètre n° {boundary} a été facturé pour l'année {number} et n'a plus de résultat ; "
            "établissez son rapport de l'année à ce jour.",
            field="period",
            boundary=orphans[0],
            number=year.number,
        )
    billed = {result.key: year.billed.get(result.key, ZERO) for result, _ in priced}
    return [
        Line(
            key=LineKey(year.number, *result.key),
            result=result,
            valuation=valuation,
            share=year.terms.share_of(result.energy, year.number),
            owed=owed[result.key],
            billed=billed[result.key],
            settled_before=year.settled is not None,
            amount=owed[result.key] - billed[result.key],
        )
        for result, valuation in sorted(priced, key=lambda pair: pair[0].key)
    ]


def _outcome(
    lines: tuple[Line, ...],
    years: tuple[RecognisedYear, ...],
    steps: tuple[Step, ...],
    *,
    may_credit: bool,
    held: tuple[Line, ...] = (),
) -> Proposal:
    """Return the proposal `lines` make: they ask for their difference, or all for nothing."""
    total = sum((line.amount for line in lines), ZERO)
    owed = sum((year.fee for year in years), ZERO)
    billed = owed - total - sum((line.amount for line in held), ZERO)
    values = {"owed_euros": owed, "billed_euros": billed, "total_euros": abs(total)}
    waiting = ZERO
    if total > 0:
        outcome = Outcome.INVOICE
    elif total < 0 and may_credit:
        outcome = Outcome.CREDIT_NOTE
    else:
        outcome, waiting = (Outcome.WAITS if total else Outcome.NOTHING), -total
        lines = tuple(replace(line, amount=ZERO) for line in lines)
    last = step("total", sum((line.amount for line in lines), ZERO), say.TOTAL[outcome.value], **values)
    shown = tuple(line for line in lines if line.amount or line.key.year == years[-1].number)
    return Proposal(outcome, shown, held, waiting, years, (*steps, last))
