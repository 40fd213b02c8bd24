"""Settlements: what is asked for is what is owed less what was billed, however and whenever it is asked."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.settlements.data import LineKey, Measured, Outcome, Settled, YearToDate
from billing.settlements.rules import hold, propose, valued
from contracts.agreements.terms.data import CumulativeCap, Hurdle, LateData, Revision, Share, Terms
from contracts.agreements.terms.evaluation import evaluate
from contracts.agreements.terms.year import ContractYear, ResultKey
from contracts.prices.rules import Price, Schedule
from foundation.errors import Refusal
from foundation.look.language import FRENCH

D, F = Decimal, Fraction
START = dt.date(2024, 1, 1)
LONG_AFTER = dt.date(2040, 1, 1)
HALF = Terms(shares=(Share(F(1, 2)),))
SCHEDULES = {
    "electricity": Schedule(
        "electricity",
        (Price(START, dt.date(2024, 8, 1), D("0.20")), Price(dt.date(2024, 8, 1), None, D("0.25"))),
    ),
    "gas": Schedule("gas", (Price(START, None, D("0.08")),)),
}
SCHOOL = ResultKey(1, "electricity")
TOWN_HALL = ResultKey(2, "electricity")


def month(number: int) -> dt.date:
    """Return the first day of the month `number` months after the start."""
    return dt.date(START.year + number // 12, number % 12 + 1, 1)


def measured(key: ResultKey, avoided: dict[dt.date, Decimal], *, to: dt.date, half_width: str = "0") -> Measured:
    first = dt.date(to.year - (to == dt.date(to.year, 1, 1)), 1, 1)
    return Measured(
        boundary_id=key.boundary_id,
        boundary=f"École {key.boundary_id}",
        energy=key.energy,
        baseline_kwh=dict.fromkeys(avoided, D(10_000)),
        avoided_kwh=avoided,
        half_width_kwh=D(half_width),
        confidence=F(9, 10),
        days_expected=(to - first).days,
    )


def year(
    *of: Measured,
    number: int = 1,
    to: dt.date | None = None,
    terms: Terms = HALF,
    billed: dict[ResultKey, Decimal] | None = None,
    settled: Settled | None = None,
) -> YearToDate:
    start, end = month(12 * (number - 1)), month(12 * number)
    return YearToDate(number, start, end, to or end, terms, of, billed or {}, settled)


def school(*monthly: int, number: int = 1, key: ResultKey = SCHOOL, half_width: str = "0") -> Measured:
    """Return the school's avoided kWh, a figure a month on its first day, from January of contract year `number`."""
    first = 12 * (number - 1)
    days = {month(first + i): D(energy) for i, energy in enumerate(monthly)}
    return measured(key, days, to=month(first + len(monthly)), half_width=half_width)


def test_a_year_at_two_prices_is_settled_at_once():
    proposal = propose([year(school(*[1000] * 12))], SCHEDULES, month(12))
    [line] = proposal.lines
    # 7 months × 1 000 kWh × 0.20 € + 5 months × 1 000 kWh × 0.25 € = 2 650 €; half of it.
    assert [(part.energy_kwh, part.amount) for part in line.valuation.slices] == [
        (D(7000), D("1400.00")),
        (D(5000), D("1250.00")),
    ]
    assert line.result.avoided_euros == D("2650.00")
    assert (line.share, line.owed, line.billed, line.amount) == (F(1, 2), D("1325.00"), 0, D("1325.00"))
    assert proposal.outcome is Outcome.INVOICE
    assert proposal.total == D("1325.00")


def test_the_half_width_is_valued_at_the_price_of_the_baseline():
    result, _ = valued(school(*[1000] * 12, half_width="1200"), SCHEDULES)
    assert result.half_width_euros == D("265.00")
    assert result.days_without_result == 366 - 12


def test_an_instalment_then_the_balance():
    spring = year(school(1000, 1000, 1000, half_width="500"), to=month(3))
    first = propose([spring], SCHEDULES, month(3))
    # 600 € saved, ± 100 €: half of the proven 500 €.
    assert first.total == D("250.00")
    balance = propose(
        [year(school(*[1000] * 12, half_width="1200"), billed={SCHOOL: D("250.00")})], SCHEDULES, month(12)
    )
    assert balance.total == D("1075.00")
    assert "déjà facturé 250,00\xa0€" in balance.steps[-1].sentence(FRENCH)


def test_what_an_instalment_billed_too_much_waits_and_becomes_a_credit_note_at_the_end():
    falling = school(1000, 1000, 1000, -2000, -500)
    proposal = propose([year(falling, to=month(5), billed={SCHOOL: D("300.00")})], SCHEDULES, month(5))
    assert (proposal.outcome, proposal.total) == (Outcome.WAITS, 0)
    assert [(line.owed, line.billed, line.amount) for line in proposal.lines] == [(D("50.00"), D("300.00"), 0)]
    assert proposal.waiting == D("250.00")
    assert "à valoir sur la suite" in proposal.steps[-1].sentence(FRENCH)
    recovered = school(1000, 1000, 1000, -2000, -500, 4000)
    proposal = propose([year(recovered, to=month(6), billed={SCHOOL: D("300.00")})], SCHEDULES, month(6))
    assert (proposal.outcome, proposal.total) == (Outcome.INVOICE, D("150.00"))
    closed = school(1000, 1000, 1000, -2000, -500, *[0] * 7)
    proposal = propose([year(closed, billed={SCHOOL: D("300.00")})], SCHEDULES, month(12))
    assert (proposal.outcome, proposal.total) == (Outcome.CREDIT_NOTE, D("-250.00"))
    assert "un avoir de 250,00\xa0€" in proposal.steps[-1].sentence(FRENCH)


def test_the_baseline_is_to_be_renegotiated_after_two_years_beyond_the_gap():
    terms = replace(HALF, revision=Revision(gap=F(1, 10), years=2))
    # 12 kWh a month of 100 kWh a day, in both years: the gap of each is 12 %, or 8 %.
    for energy, due in ((1200, True), (800, False), (-1200, True)):
        first, second = (
            replace(year(school(*[0] * 12, number=number), number=number), terms=terms) for number in (1, 2)
        )
        first, second = (
            replace(one, measured=(replace(one.measured[0], **sides(one.measured[0], energy)),))
            for one in (first, second)
        )
        closed = propose([first, second], SCHEDULES, month(24)).steps
        assert any(one.name == "revision" for one in closed) is due, energy
        alone = propose([first], SCHEDULES, month(12)).steps
        running = propose([first, replace(second, to=month(18))], SCHEDULES, month(24)).steps
        assert not any(one.name == "revision" for one in (*alone, *running))
    [told] = [one for one in closed if one.name == "revision"]
    assert "écart moyen à la référence est de −12" in told.sentence(FRENCH)


def sides(of: Measured, avoided: int) -> dict[str, dict[dt.date, Decimal]]:
    """Return both sides of a result whose every counted day avoids `avoided` of 10 000 kWh."""
    return {
        "baseline_kwh": dict.fromkeys(of.baseline_kwh, D(10_000)),
        "avoided_kwh": dict.fromkeys(of.avoided_kwh, D(avoided)),
    }


def test_a_negative_year_bills_nothing_and_lowers_the_next():
    bad = year(school(*[-100] * 12))
    assert propose([bad], SCHEDULES, month(12)).outcome is Outcome.NOTHING
    good = year(school(*[200] * 12, number=2), number=2)
    proposal = propose([bad, good], SCHEDULES, month(24))
    # −265 € in the first year, 12 × 200 kWh × 0.25 € = 600 € in the second: half of 335 €.
    assert proposal.total == D("167.50")
    assert proposal.years[0].carried == D("-265.00")


def test_late_data_are_a_line_of_the_next_settlement():
    settled = Settled(on=month(13), closing_fee=D("1325.00"), fee=D("1325.00"), carried=D("0.00"))
    late = year(school(*[1000] * 11, 1400), billed={SCHOOL: D("1325.00")}, settled=settled)
    spring = year(school(1000, number=2), number=2, to=month(13))
    proposal = propose([late, spring], SCHEDULES, month(14))
    assert [(line.key.year, line.settled_before, line.amount) for line in proposal.lines] == [
        (1, True, D("50.00")),
        (2, False, D("125.00")),
    ]
    assert any("Données tardives de l'année 1" in one.sentence(FRENCH) for one in proposal.steps)
    unchanged = year(school(*[1000] * 12), billed={SCHOOL: D("1325.00")}, settled=settled)
    assert [line.key.year for line in propose([unchanged, spring], SCHEDULES, month(14)).lines] == [2]


def test_late_data_stop_at_the_limits_of_the_terms():
    terms = replace(HALF, late_data=LateData(months=6, amount=D("30.00")))
    settled = Settled(on=dt.date(2025, 8, 31), closing_fee=D("1325.00"), fee=D("1325.00"), carried=D("0.00"))
    late = year(school(*[1000] * 11, 1400), billed={SCHOOL: D("1325.00")}, settled=settled, terms=terms)
    in_time = propose([late], SCHEDULES, dt.date(2026, 2, 28))
    assert in_time.total == D("30.00")
    assert "20,00\xa0€ au-delà des limites" in in_time.steps[-2].sentence(FRENCH)
    too_late = propose([late], SCHEDULES, dt.date(2026, 3, 1))
    assert too_late.outcome is Outcome.NOTHING
    assert "50,00\xa0€ au-delà des limites" in too_late.steps[-2].sentence(FRENCH)


def test_late_data_never_break_the_cap_of_the_agreement():
    terms = replace(
        HALF,
        late_data=LateData(amount=D("10.00")),
        cumulative_cap=CumulativeCap(F(1), D("2000.00")),
    )
    first = Settled(on=month(12), closing_fee=D("1000.00"), fee=D("1000.00"), carried=D("0.00"))
    second = Settled(on=month(24), closing_fee=D("1000.00"), fee=D("1000.00"), carried=D("0.00"))
    proposal = propose(
        [
            year(school(*[1000] * 12), terms=terms, billed={SCHOOL: D("1000.00")}, settled=first),
            year(school(*[1000] * 12, number=2), number=2, terms=terms, billed={SCHOOL: D("1000.00")}, settled=second),
        ],
        SCHEDULES,
        month(24),
    )
    assert sum(one.fee for one in proposal.years) == D("2000.00")


def test_a_dispute_holds_its_line_and_the_rest_is_invoiced():
    both = year(school(*[1000] * 12), school(*[500] * 12, key=TOWN_HALL))
    proposal = propose([both], SCHEDULES, month(12))
    held = hold(proposal, {LineKey(1, *TOWN_HALL)})
    assert [line.key for line in held.lines] == [LineKey(1, *SCHOOL)]
    assert (held.outcome, held.total) == (Outcome.INVOICE, D("1325.00"))
    assert [line.amount for line in held.held] == [D("662.50")]
    assert "Contesté" in held.steps[-2].sentence(FRENCH)
    # The decision confirms it: the next settlement asks for it again.
    settled = Settled(on=month(12), closing_fee=D("1987.50"), fee=D("1987.50"), carried=D("0.00"))
    again = propose([replace(both, billed={SCHOOL: D("1325.00")}, settled=settled)], SCHEDULES, month(13))
    assert {line.key: line.amount for line in again.lines if line.amount} == {LineKey(1, *TOWN_HALL): D("662.50")}


def test_a_dispute_of_everything_asks_for_nothing_and_of_nothing_changes_nothing():
    proposal = propose([year(school(*[1000] * 12))], SCHEDULES, month(12))
    held = hold(proposal, {LineKey(1, *SCHOOL)})
    assert (held.outcome, held.lines, held.total) == (Outcome.NOTHING, (), 0)
    assert hold(proposal, {LineKey(1, *TOWN_HALL)}) is proposal


def test_a_dispute_never_turns_an_invoice_into_a_credit_note():
    # The town hall's part fell since the last instalment, the school's is disputed.
    both = year(
        school(*[1000] * 12),
        school(*[100] * 12, key=TOWN_HALL),
        billed={TOWN_HALL: D("400.00")},
    )
    held = hold(propose([both], SCHEDULES, month(12)), {LineKey(1, *SCHOOL)})
    assert (held.outcome, held.total, held.waiting) == (Outcome.WAITS, 0, D("267.50"))


def test_a_building_sold_during_the_year_keeps_its_days():
    sold = school(1000, 1000, 1000)
    proposal = propose(
        [year(replace(sold, days_expected=91), school(*[500] * 12, key=TOWN_HALL))], SCHEDULES, month(12)
    )
    assert [line.amount for line in proposal.lines] == [D("300.00"), D("662.50")]


def test_what_is_wrong_is_said():
    with pytest.raises(Refusal, match="La période n'est pas terminée"):
        propose([year(school(1000), to=month(1))], SCHEDULES, dt.date(2024, 1, 31))
    with pytest.raises(Refusal, match="L'année 1 de l'accord n'est pas mesurée jusqu'à sa fin"):
        propose([year(school(1000), to=month(1)), year(number=2)], SCHEDULES, LONG_AFTER)
    with pytest.raises(Refusal, match="Chaleur : l'accord n'a aucun prix"):
        propose([year(school(1000, key=ResultKey(1, "heat")), to=month(1))], SCHEDULES, LONG_AFTER)
    with pytest.raises(Refusal, match="Le périmètre n° 2 a été facturé pour l'année 1 et n'a plus de résultat"):
        propose([year(school(1000), to=month(1), billed={TOWN_HALL: D(1)})], SCHEDULES, LONG_AFTER)


def test_a_day_counts_on_both_sides_or_on_neither():
    with pytest.raises(ValueError, match="both sides"):
        replace(school(1000, 1000), baseline_kwh={START: D(1)})


def test_years_follow_one_another():
    with pytest.raises(ValueError, match="follow one another"):
        propose([year(), year(number=3)], SCHEDULES, LONG_AFTER)


# What holds however a year is cut.

ENERGY = st.integers(-3_000_000, 5_000_000).map(lambda wh: D(wh).scaleb(-3))
KEYS = (SCHOOL, TOWN_HALL, ResultKey(2, "gas"))
PARTS = st.fractions(0, 1, max_denominator=12)


@st.composite
def any_terms(draw: st.DrawFn) -> Terms:
    return Terms(
        shares=(Share(draw(PARTS)), Share(draw(PARTS), "gas")),
        significance=draw(st.none() | st.just(Hurdle(F(1)))),
        neutral_band=draw(st.none() | st.builds(Hurdle, st.just(F(1, 20)))),
        floor=draw(st.sampled_from([D("0.00"), D("50.00")])),
        yearly_cap=draw(st.none() | st.just(D("400.00"))),
        cumulative_cap=draw(st.none() | st.just(CumulativeCap(F(1), D("700.00")))),
    )


@st.composite
def any_history(draw: st.DrawFn) -> dict[ResultKey, list[Decimal]]:
    """Return avoided kWh by month over two years."""
    return {
        key: draw(st.lists(ENERGY, min_size=24, max_size=24))
        for key in draw(st.sets(st.sampled_from(KEYS), min_size=1))
    }


def account(
    history: dict[ResultKey, list[Decimal]], terms: Terms, months: int, billed: dict[LineKey, Decimal]
) -> list[YearToDate]:
    """Return the years to date after `months` months of `history`."""
    years = []
    for number in range(1, (months - 1) // 12 + 2):
        first, last = 12 * (number - 1), min(months, 12 * number)
        of = [
            school(*energies[first:last], number=number, key=key, half_width="400") for key, energies in history.items()
        ]
        paid = {ResultKey(*key[1:]): amount for key, amount in billed.items() if key.year == number}
        years.append(year(*of, number=number, to=month(last), terms=terms, billed=paid))
    return years


def settle(
    history: dict[ResultKey, list[Decimal]], terms: Terms, cuts: list[int], disputed: set[LineKey] = frozenset()
) -> dict[LineKey, Decimal]:
    """Return what was billed once the settlements after `cuts` months, and at each year's end, were all issued."""
    billed: dict[LineKey, Decimal] = defaultdict(Decimal)
    for months in sorted({*cuts, 12, 24}):
        years = account(history, terms, months, billed)
        proposal = propose(years, SCHEDULES, month(months))
        if months < 24:
            proposal = hold(proposal, disputed)
        assert sum(line.amount for line in proposal.lines) == proposal.total
        if not years[-1].closed:
            assert proposal.outcome is not Outcome.CREDIT_NOTE
        for line in proposal.lines:
            billed[line.key] += line.amount
        assert sum(billed.values()) >= 0
    return billed


cuts = st.lists(st.integers(1, 24), max_size=8)


@settings(deadline=None)
@given(any_history(), any_terms(), cuts, cuts)
def test_however_a_year_is_cut_its_total_is_the_same(history, terms, some, others):
    def totals(billed: dict[LineKey, Decimal]) -> Decimal:
        return sum(billed.values(), D(0))

    one, other = settle(history, terms, some), settle(history, terms, others)
    expected = propose(account(history, terms, 24, {}), SCHEDULES, month(24))
    assert totals(one) == totals(other) == sum(year.fee for year in expected.years)


@settings(deadline=None)
@given(
    any_history(),
    any_terms(),
    cuts,
    st.sets(st.builds(LineKey, st.just(1), st.just(2), st.sampled_from(["gas", "electricity"]))),
)
def test_a_dispute_decided_for_the_spl_changes_when_but_not_how_much(history, terms, some, disputed):
    assert sum(settle(history, terms, some, disputed).values()) == sum(settle(history, terms, some).values())


@settings(deadline=None)
@given(any_history(), any_terms(), st.data())
def test_the_order_of_late_data_changes_nothing(history, terms, data):
    late = data.draw(st.lists(st.tuples(st.sampled_from(sorted(history)), st.integers(0, 11)), unique=True, max_size=5))
    orders = [data.draw(st.permutations(late)) for _ in range(2)]
    limit = data.draw(st.none() | st.just(D("25.00")))
    terms = replace(terms, late_data=LateData(months=240, amount=limit))

    def billed_in(order: list[tuple[ResultKey, int]]) -> dict[LineKey, Decimal]:
        known = {key: [D(0) if (key, m) in late else kwh for m, kwh in enumerate(row)] for key, row in history.items()}
        billed: dict[LineKey, Decimal] = defaultdict(Decimal)
        settled = None
        for arrived in [None, *order]:
            if arrived is not None:
                key, m = arrived
                known[key][m] = history[key][m]
            [current] = account(known, terms, 12, billed)
            proposal = propose([replace(current, settled=settled)], SCHEDULES, month(12))
            for line in proposal.lines:
                billed[line.key] += line.amount
            [recognised] = proposal.years
            closing = settled.closing_fee if settled else recognised.fee
            settled = Settled(month(12), closing, recognised.fee, recognised.carried)
        return billed

    assert sum(billed_in(orders[0]).values()) == sum(billed_in(orders[1]).values())


@settings(deadline=None)
@given(any_history(), any_terms())
def test_a_proposal_is_the_evaluation_of_its_days(history, terms):
    [only] = account(history, terms, 12, {})
    results = tuple(valued(one, SCHEDULES)[0] for one in only.measured)
    evaluation = evaluate(terms, ContractYear(1, results, closed=True))
    proposal = propose([only], SCHEDULES, month(12))
    assert proposal.years[0].evaluation == evaluation
    assert proposal.total == evaluation.fee
