"""A settlement takes each contract year by the version in force, and skips suspended days in sight."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest

from billing.settlements.inputs import computed_again
from billing.settlements.register import accept, propose
from contracts.agreements.amendments import draft_amendment, sign_amendment
from contracts.agreements.coverage import cover
from contracts.agreements.register import add_price
from contracts.agreements.suspensions import end_agreement, suspend
from contracts.agreements.terms.codec import to_json
from contracts.agreements.terms.data import Share, Terms
from foundation.errors import Refusal
from tests.billing.agreement_example import END, START, report, signed, town
from tests.contracts.test_amendments import LATER, SECOND

THIRD_YEAR = dt.date(2025, 1, 1)
TODAY = dt.date(2026, 1, 15)
FIFTH = Terms((Share(Fraction(1, 5)),))


@pytest.fixture
def school(dbsession):
    agreement, [plan] = signed(dbsession, town(dbsession), "École")
    return agreement, plan


def settle(session, agreement, start, end):
    return accept(session, propose(session, agreement, start=start, end=end, today=TODAY), by="La maire", today=TODAY)


def again(settlement):
    """Compute the amount again from what the settlement wrote down and the days of its reports, nothing else."""
    days = {
        line.report.sha256: {
            day.day.isoformat(): (day.adjusted_baseline_kwh, day.adjusted_baseline_kwh - day.measured_kwh)
            for day in line.report.days
            if day.counted
        }
        for line in settlement.lines
    }
    return computed_again(settlement.evaluation["inputs"], days).total


def test_each_year_has_the_terms_and_prices_in_force(dbsession, school):
    agreement, plan = school
    amendment = draft_amendment(dbsession, agreement, title="Un cinquième", effective_on=SECOND, terms=FIFTH)
    add_price(
        dbsession,
        agreement,
        energy="electricity",
        start=SECOND,
        end=None,
        price=Decimal("0.30"),
        amendment=amendment,
    )
    sign_amendment(dbsession, amendment, **LATER)
    report(dbsession, plan, START, SECOND, avoided="10")
    # 365 days × 10 kWh × 0.20 € × 1/2, as signed.
    assert settle(dbsession, agreement, START, SECOND).amount == Decimal("365.00")
    report(dbsession, plan, SECOND, THIRD_YEAR, avoided="10")
    settlement = propose(dbsession, agreement, start=SECOND, end=THIRD_YEAR, today=TODAY)
    # 366 days × 10 kWh × 0.30 € × 1/5, as amended.
    assert settlement.amount == Decimal("219.60")
    assert settlement.evaluation["terms"] == to_json(FIFTH)
    written = [year["terms"]["shares"][0]["share"] for year in settlement.evaluation["inputs"]["years"]]
    assert written == ["0.5", "0.2"]


def suspended(session, agreement, building=None, start=dt.date(2023, 6, 1), end=dt.date(2023, 9, 1)):
    return suspend(
        session,
        agreement,
        start=start,
        end=end,
        reason="école fermée pour travaux",
        extends_term=False,
        by="Claire",
        today=START,
        building=building,
    )


def test_suspended_days_neither_save_nor_owe_and_are_said(dbsession, school):
    agreement, plan = school
    suspended(dbsession, agreement)
    report(dbsession, plan, START, SECOND, avoided="10")
    settlement = propose(dbsession, agreement, start=START, end=SECOND, today=TODAY)
    assert settlement.amount == Decimal(365 - 92)
    [line] = settlement.lines
    assert line.avoided_energy_kwh == (365 - 92) * 10
    said = [step["sentence"] for step in settlement.evaluation["steps"]]
    assert (
        "École : suspendu du 01/06/2023 au 31/08/2023 (école fermée pour travaux), sans économie ni rémunération."
    ) in said
    assert again(settlement) == settlement.amount


def test_a_suspended_building_does_not_stop_another(dbsession):
    agreement, plans = signed(dbsession, town(dbsession), "École", "Mairie")
    school = next(
        one.building for plan in plans if plan.boundary.name == "École" for one in [plan.boundary.terms[0].point]
    )
    suspended(dbsession, agreement, school)
    for number, plan in enumerate(plans):
        report(dbsession, plan, START, SECOND, avoided="10", sha256=f"{number}" * 64)
    settlement = propose(dbsession, agreement, start=START, end=SECOND, today=TODAY)
    assert sorted(line.avoided_energy_kwh for line in settlement.lines) == [2730, 3650]
    assert again(settlement) == settlement.amount == Decimal(365 + 365 - 92)


def test_a_year_suspended_whole_owes_not_even_its_floor(dbsession):
    floored = Terms((Share(Fraction(1, 2)),), floor=Decimal("100.00"))
    agreement, [plan] = signed(dbsession, town(dbsession), "École", terms=floored)
    suspended(dbsession, agreement, start=START, end=SECOND)
    report(dbsession, plan, START, SECOND, avoided="10")
    settlement = propose(dbsession, agreement, start=START, end=SECOND, today=TODAY)
    assert (settlement.amount, settlement.outcome) == (0, "nothing")


def test_what_left_is_settled_until_it_left_and_nothing_is_owed_after_the_end(dbsession, school):
    agreement, plan = school
    cover(dbsession, agreement, boundary_id=plan.boundary_id, boundary="École", start=START)
    end_agreement(dbsession, agreement, on=dt.date(2023, 7, 1), reason="Sortie de la SPL")
    report(dbsession, plan, START, dt.date(2023, 7, 1), avoided="10")
    # The year ends with the agreement: its balance, not an instalment.
    settlement = settle(dbsession, agreement, START, dt.date(2023, 7, 1))
    assert settlement.amount == Decimal(181)
    with pytest.raises(Refusal, match="hors de l'accord"):
        propose(dbsession, agreement, start=dt.date(2023, 7, 1), end=END, today=dt.date(2028, 2, 1))
