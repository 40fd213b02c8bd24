"""What the municipality keeps: both sides with the VAT it cannot recover."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from billing.benefit.rules import benefit
from billing.benefit.views import of_settlement
from tests.chain import accepted_settlement, company, signed_agreement

D = Decimal
EUROS = st.decimals(0, 100_000, places=2)
RECOVERY = st.decimals(0, 1, places=4)


def test_a_budget_that_recovers_nothing_saves_and_pays_with_vat():
    found = benefit({"electricity": D("739.13")}, D("369.57"), D(0))
    assert (found.avoided_vat, found.fee_vat) == (D("147.83"), D("73.91"))
    assert found.kept == D("443.48")


def test_a_budget_that_recovers_all_compares_without_vat():
    found = benefit({"gas": D(1000), "heat": D(500)}, D(600), D(1))
    assert (found.avoided_vat, found.fee_vat, found.kept) == (0, 0, D(900))


def test_reduced_vat_on_the_energy_can_make_the_share_cost_more_than_it_saves():
    found = benefit({"heat": D(1000)}, D(900), D(0))
    assert found.kept == D("1055.00") - D("1080.00")


@given(EUROS, EUROS, RECOVERY, RECOVERY)
def test_recovering_more_moves_what_is_kept_towards_the_amounts_without_vat(avoided, fee, one, other):
    low, high = sorted((one, other))
    without = avoided - fee
    near, far = (abs(benefit({"gas": avoided}, fee, ratio).kept - without) for ratio in (high, low))
    assert near <= far + D("0.02")


def test_a_settlement_counts_the_coefficient_of_its_payer(dbsession):
    company(dbsession)
    settlement = accepted_settlement(dbsession, signed_agreement(dbsession))
    assert of_settlement(None, settlement)["benefit"].kept == D("443.48")
    settlement.agreement.budget.vat_recovery = D(1)
    assert of_settlement(None, settlement)["benefit"].kept == D("369.56")
