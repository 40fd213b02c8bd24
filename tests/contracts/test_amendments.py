"""Amendments, suspensions and ends: the signed past stays, each year has the version in force."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, IntegrityError

from contracts.agreements.amendments import draft_amendment, sign_amendment
from contracts.agreements.coverage import cover, covered_until
from contracts.agreements.register import add_price, annex, sign
from contracts.agreements.signatures import Document
from contracts.agreements.suspensions import end_agreement, resume, suspend
from contracts.agreements.terms.data import Share, Terms
from contracts.agreements.versions import prices_in_force, term_in_force, terms_in_force
from contracts.parties.capital import acquire, capital_on, cede, leave_capital, owned_on
from contracts.parties.register import add_budget
from contracts.prices.rules import Price, overlaid
from foundation.errors import Refusal
from tests.billing.agreement_example import END, HALF, START, draft, town
from tests.contracts.test_agreements_register import SIGNATURE

THIRD = Terms((Share(Fraction(1, 3)),))
SECOND = dt.date(2024, 1, 1)
LATER = {
    **SIGNATURE,
    "signed_on": dt.date(2023, 12, 20),
    "deliberation_date": dt.date(2023, 12, 7),
    "transmitted_on": dt.date(2023, 12, 9),
    "deliberation_number": "2023-12-07",
    "document": Document(b"%PDF avenant", "avenant.pdf", "application/pdf"),
    "today": dt.date(2023, 12, 21),
}


@pytest.fixture
def agreement(dbsession):
    agreement = draft(dbsession, town(dbsession))
    add_price(dbsession, agreement, energy="electricity", start=START, end=None, price=Decimal("0.20"))
    annex(dbsession, agreement, "Plan de mesure", "a" * 64)
    return sign(dbsession, agreement, **SIGNATURE)


def test_an_amendment_brings_new_terms_and_prices_from_its_day_on(dbsession, agreement):
    amendment = draft_amendment(dbsession, agreement, title="Part au tiers", effective_on=SECOND, terms=THIRD)
    add_price(
        dbsession,
        agreement,
        energy="electricity",
        start=SECOND,
        end=None,
        price=Decimal("0.25"),
        amendment=amendment,
    )
    assert terms_in_force(agreement, SECOND) == HALF, "a draft changes nothing"
    assert [price.per_kwh for price in prices_in_force(agreement)["electricity"]] == [Decimal("0.200000")]
    sign_amendment(dbsession, amendment, **LATER)
    assert agreement.state == "amended"
    assert terms_in_force(agreement, SECOND - dt.timedelta(days=1)) == HALF
    assert terms_in_force(agreement, SECOND) == THIRD
    first, then = prices_in_force(agreement)["electricity"]
    assert (first.end, first.per_kwh, then.start, then.per_kwh) == (SECOND, Decimal("0.2"), SECOND, Decimal("0.25"))
    assert amendment.document.sha256 != agreement.document.sha256
    with pytest.raises(Refusal, match="déjà signé"):
        sign_amendment(dbsession, amendment, **LATER)
    with pytest.raises(Refusal, match="préparez-en un autre"):
        annex(dbsession, agreement, "Plan", "b" * 64, amendment=amendment)


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE contracts.agreement SET terms = '{}'",
        "UPDATE contracts.agreement SET state = 'draft'",
        "UPDATE contracts.agreement SET deliberation_date = '2020-01-01'",
        "DELETE FROM contracts.agreement",
    ],
)
def test_what_is_signed_is_never_edited(dbsession, agreement, edit):
    assert agreement.state == "signed"
    with pytest.raises(DatabaseError, match=r"never edited|violates foreign key"), dbsession.begin_nested():
        dbsession.execute(text(edit))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"effective_on": dt.date(2024, 2, 1)}, "premier jour d'une année"),
        ({"effective_on": END}, "hors de l'accord"),
        ({"title": " "}, "ce que l'avenant change"),
        ({"ends_on": SECOND}, "finirait avant"),
        ({"withdrawn": [7]}, "n'est pas dans l'accord"),
    ],
)
def test_an_amendment_that_makes_no_sense_is_refused(dbsession, agreement, change, sentence):
    facts = {"title": "Part au tiers", "effective_on": SECOND, "terms": THIRD, **change}
    with pytest.raises(Refusal, match=sentence):
        draft_amendment(dbsession, agreement, **facts)


def test_an_amendment_changes_something(dbsession, agreement):
    amendment = draft_amendment(dbsession, agreement, title="Rien", effective_on=SECOND)
    with pytest.raises(Refusal, match="ne change rien encore"):
        sign_amendment(dbsession, amendment, **LATER)


def test_a_boundary_is_shared_once(dbsession, agreement):
    cover(dbsession, agreement, boundary_id=1, boundary="École", start=START)
    other = draft(dbsession, agreement.shareholder, number="PAYS-2")
    with pytest.raises(Refusal, match="déjà partagé par l'accord PAYS-1, du 01/01/2023 au 31/12/2027"):
        cover(dbsession, other, boundary_id=1, boundary="École", start=SECOND)
    twice = (
        "INSERT INTO contracts.coverage (agreement_id, boundary_id, boundary, measures, period)"
        " SELECT agreement_id, boundary_id, boundary, measures, period FROM contracts.coverage"
    )
    with pytest.raises(IntegrityError, match="ex_coverage_one_agreement"), dbsession.begin_nested():
        dbsession.execute(text(twice))
    amendment = draft_amendment(dbsession, agreement, title="Sans l'école", effective_on=SECOND, withdrawn=[1])
    sign_amendment(dbsession, amendment, **LATER)
    assert covered_until(agreement) == {1: SECOND}
    assert cover(dbsession, other, boundary_id=1, boundary="École", start=START + dt.timedelta(days=365))


def test_two_agreements_share_different_measures_of_a_boundary(dbsession, agreement):
    other = draft(dbsession, agreement.shareholder, number="PAYS-2")
    cover(dbsession, agreement, boundary_id=1, boundary="École", start=START, measures=[4, 5])
    cover(dbsession, other, boundary_id=1, boundary="École", start=START, measures=[6])
    with pytest.raises(Refusal, match="une économie ne se partage qu'une fois"):
        cover(dbsession, other, boundary_id=1, boundary="École", start=START, measures=[5])


def test_a_longer_term_lasts_for_what_it_covers(dbsession, agreement):
    cover(dbsession, agreement, boundary_id=1, boundary="École", start=START)
    longer = dt.date(2030, 1, 1)
    sign_amendment(
        dbsession, draft_amendment(dbsession, agreement, title="Durée", effective_on=SECOND, ends_on=longer), **LATER
    )
    assert term_in_force(agreement).upper == agreement.coverages[0].period.upper == longer
    assert agreement.term.upper == END, "the signed text stays"


def suspended(dbsession, agreement, **changes):
    facts = {
        "start": dt.date(2023, 6, 1),
        "end": dt.date(2023, 9, 1),
        "reason": "Travaux",
        "extends_term": True,
        "by": "Claire",
        "today": START,
        **changes,
    }
    return suspend(dbsession, agreement, **facts)


def test_a_suspension_extends_the_term_by_its_days_or_does_not(dbsession, agreement):
    cover(dbsession, agreement, boundary_id=1, boundary="École", start=START)
    one = suspended(dbsession, agreement)
    assert term_in_force(agreement).upper == END + dt.timedelta(days=92)
    assert agreement.coverages[0].period.upper == END + dt.timedelta(days=92)
    resume(dbsession, one, on=dt.date(2023, 7, 1))
    assert term_in_force(agreement).upper == END + dt.timedelta(days=30)
    suspended(dbsession, agreement, start=SECOND, end=dt.date(2024, 3, 1), extends_term=False)
    assert term_in_force(agreement).upper == END + dt.timedelta(days=30)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"end": dt.date(2023, 6, 1)}, "avant d'avoir commencé"),
        ({"reason": ""}, "Dites pourquoi"),
        ({"start": dt.date(2022, 6, 1)}, "hors de l'accord"),
        ({"start": dt.date(2023, 5, 1)}, "déjà suspendus en partie"),
    ],
)
def test_a_suspension_that_makes_no_sense_is_refused(dbsession, agreement, change, sentence):
    suspended(dbsession, agreement)
    with pytest.raises(Refusal, match=sentence):
        suspended(dbsession, agreement, **change)


def test_an_ended_agreement_owes_nothing_afterwards(dbsession, agreement):
    cover(dbsession, agreement, boundary_id=1, boundary="École", start=START)
    end_agreement(dbsession, agreement, on=SECOND, reason="Sortie de la SPL")
    assert (agreement.state, term_in_force(agreement).upper) == ("ended", SECOND)
    assert agreement.coverages[0].period.upper == SECOND
    with pytest.raises(Refusal, match="pas en vigueur"):
        suspended(dbsession, agreement)
    with pytest.raises(Refusal, match="pas en vigueur"):
        draft_amendment(dbsession, agreement, title="Durée", effective_on=START, ends_on=END)


def test_capital_is_owned_from_day_to_day_and_a_sale_moves_it(dbsession):
    first, second = town(dbsession), town(dbsession, name="Ailleurs", siren="200000024", siret="20000002400014")
    cede(dbsession, first, second, amount=Decimal(400), on=SECOND, act="Acte")
    assert (owned_on(dbsession, first, START), owned_on(dbsession, first, SECOND)) == (1000, 600)
    assert (owned_on(dbsession, second, START), owned_on(dbsession, second, SECOND)) == (1000, 1400)
    assert capital_on(dbsession, START).owned == capital_on(dbsession, SECOND).owned == 2000
    with pytest.raises(Refusal, match="ne le dépasse pas"):
        cede(dbsession, first, second, amount=Decimal(700), on=dt.date(2025, 1, 1))
    with pytest.raises(Refusal, match="choisissez un jour plus tard"):
        acquire(dbsession, first, amount=Decimal(1), start=START)
    leave_capital(dbsession, first, END)
    assert not owned_on(dbsession, first, END)
    assert any("deux actionnaires" in remark for remark in capital_on(dbsession, END).remarks)


def test_a_payer_with_its_own_personality_has_to_be_a_shareholder_itself(dbsession):
    owner = town(dbsession)
    with pytest.raises(Refusal, match="n'a pas de personnalité morale"):
        add_budget(dbsession, owner, siret="20000001600028", name="CCAS", kind="ccas", legal_personality=True)
    ccas = add_budget(dbsession, owner, siret="20000002400014", name="CCAS", kind="ccas", legal_personality=True)
    agreement = draft(dbsession, owner)
    agreement.budget = ccas
    add_price(dbsession, agreement, energy="electricity", start=START, end=None, price=Decimal("0.20"))
    annex(dbsession, agreement, "Plan de mesure", "a" * 64)
    with pytest.raises(Refusal, match="propre personnalité morale et n'est pas actionnaire"):
        sign(dbsession, agreement, **SIGNATURE)


DAYS = st.integers(0, 20).map(lambda place: START + dt.timedelta(days=place))


@given(st.lists(st.tuples(DAYS, st.integers(1, 20), st.integers(1, 9)), max_size=6))
def test_of_prices_laid_over_one_another_the_last_counts(layers):
    prices = [[Price(start, start + dt.timedelta(days=length), Decimal(price))] for start, length, price in layers]
    seen = overlaid(prices)
    for place in range(45):
        day = START + dt.timedelta(days=place)
        last = next((layer[0].per_kwh for layer in reversed(prices) if layer[0].covers(day)), None)
        assert [price.per_kwh for price in seen if price.covers(day)] == ([] if last is None else [last])
