"""An agreement from draft to signature: what is refused, and why."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from contracts.agreements.amendments import draft_amendment
from contracts.agreements.bases import BASES, LEGAL_BASIS
from contracts.agreements.register import add_price, annex, draft_agreement, set_terms, sign
from contracts.agreements.signatures import Document
from contracts.agreements.terms.codec import from_json
from contracts.agreements.terms.data import Share
from foundation.errors import Refusal
from tests.billing.agreement_example import END, HALF, START, draft, signed, town

SIGNATURE = {
    "signed_on": dt.date(2022, 12, 20),
    "deliberation_number": "2022-12-07",
    "deliberation_date": dt.date(2022, 12, 7),
    "transmitted_on": dt.date(2022, 12, 9),
    "signatory": "La maire",
    "delegation": "Délibération 2020-05 du 28/05/2020",
    "document": Document(b"%PDF", "accord.pdf", "application/pdf"),
    "today": START,
}
HASH = "a" * 64


@pytest.fixture
def shareholder(dbsession):
    return town(dbsession)


@pytest.fixture
def agreement(dbsession, shareholder):
    return draft(dbsession, shareholder)


def price(dbsession, agreement, **changes):
    facts = {"energy": "electricity", "start": START, "end": END, "price": Decimal("0.20"), **changes}
    return add_price(dbsession, agreement, **facts)


def test_a_draft_keeps_its_terms_whole(agreement):
    assert from_json(agreement.terms) == HALF
    assert agreement.state == "draft"
    assert "quasi-régie" in agreement.legal_basis


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"number": " "}, "un numéro et un titre"),
        ({"title": ""}, "un numéro et un titre"),
        ({"number": "PAYS-1"}, "existe déjà"),
        ({"ends_on": START}, "finit .* avant d'avoir commencé"),
        ({"legal_basis": " "}, "base légale"),
    ],
)
def test_an_agreement_that_makes_no_sense_is_refused(dbsession, shareholder, change, sentence):
    draft(dbsession, shareholder)
    facts = {
        "number": "PAYS-2",
        "title": "Suivi",
        "shareholder": shareholder,
        "budget": shareholder.budgets[0],
        "starts_on": START,
        "ends_on": END,
        "terms": HALF,
        **change,
    }
    with pytest.raises(Refusal, match=sentence):
        draft_agreement(dbsession, **facts)


def test_only_a_budget_of_the_shareholder_pays(dbsession, shareholder):
    other = town(dbsession, name="Ailleurs", siren="200000024", siret="20000002400014")
    with pytest.raises(Refusal, match="n'est pas un budget de Kermelo"):
        draft_agreement(
            dbsession,
            number="PAYS-2",
            title="Suivi",
            shareholder=shareholder,
            budget=other.budgets[0],
            starts_on=START,
            ends_on=END,
            terms=HALF,
        )


def test_a_price_has_days_of_its_own(dbsession, agreement):
    price(dbsession, agreement, end=dt.date(2024, 1, 1))
    price(dbsession, agreement, energy="gas")
    with pytest.raises(Refusal, match="Électricité : l'accord a déjà un prix du 01/01/2023 au 31/12/2023"):
        price(dbsession, agreement, start=dt.date(2023, 12, 31))
    price(dbsession, agreement, start=dt.date(2024, 1, 1), end=None)
    with pytest.raises(Refusal, match="déjà un prix à partir du 01/01/2024"):
        price(dbsession, agreement, start=dt.date(2040, 1, 1), end=None)
    dbsession.refresh(agreement, ["prices"])
    assert [(one.energy, one.period.lower.year) for one in agreement.prices] == [
        ("electricity", 2023),
        ("electricity", 2024),
        ("gas", 2023),
    ]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"price": Decimal(0)}, "supérieur à zéro"),
        ({"energy": "coal"}, "n'existe pas ici"),
        ({"end": START}, "La fin d'un prix"),
    ],
)
def test_a_price_that_makes_no_sense_is_refused(dbsession, agreement, change, sentence):
    with pytest.raises(Refusal, match=sentence):
        price(dbsession, agreement, **change)


def test_an_agreement_is_signed_once_with_plans_prices_and_a_deliberation(dbsession, agreement):
    price(dbsession, agreement)
    annex(dbsession, agreement, "Plan de mesure", HASH)
    sign(dbsession, agreement, **SIGNATURE)
    assert (agreement.state, agreement.signatory) == ("signed", "La maire")
    with pytest.raises(Refusal, match="déjà signé"):
        sign(dbsession, agreement, **SIGNATURE)
    with pytest.raises(Refusal, match="que par avenant"):
        annex(dbsession, agreement, "Autre plan", "b" * 64)
    assert price(dbsession, agreement, start=END, end=None).agreement is agreement


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"signed_on": dt.date(2023, 1, 2)}, "dans le futur"),
        ({"deliberation_number": " "}, "Sans délibération"),
        ({"deliberation_date": dt.date(2022, 12, 21)}, "le conseil délibère d'abord"),
        ({"signatory": ""}, "qui signe"),
        ({"delegation": " "}, "le pouvoir de signer"),
        ({"transmitted_on": dt.date(2022, 12, 6)}, "transmise à la préfecture après le vote"),
        ({"transmitted_on": dt.date(2022, 12, 21)}, "avant la signature"),
        ({"document": Document(b"", "vide.pdf", "application/pdf")}, "est vide"),
        (
            {
                "signed_on": dt.date(2019, 6, 1),
                "deliberation_date": dt.date(2019, 5, 1),
                "transmitted_on": dt.date(2019, 5, 2),
            },
            "n'est pas actionnaire de la SPL le 01/06/2019",
        ),
    ],
)
def test_a_signature_that_does_not_hold_is_refused(dbsession, agreement, change, sentence):
    price(dbsession, agreement)
    annex(dbsession, agreement, "Plan de mesure", HASH)
    with pytest.raises(Refusal, match=sentence):
        sign(dbsession, agreement, **{**SIGNATURE, **change})
    assert agreement.state == "draft"


def test_nothing_is_signed_without_plan_or_price(dbsession, agreement):
    with pytest.raises(Refusal, match="n'a pas d'annexe"):
        sign(dbsession, agreement, **SIGNATURE)
    annex(dbsession, agreement, "Plan de mesure", HASH)
    with pytest.raises(Refusal, match="aucun prix"):
        sign(dbsession, agreement, **SIGNATURE)
    price(dbsession, agreement, start=dt.date(2023, 2, 1))
    with pytest.raises(Refusal, match="pas de prix le 01/01/2023"):
        sign(dbsession, agreement, **SIGNATURE)


@pytest.mark.parametrize(("title", "sha256"), [("", HASH), ("Plan", "abc"), ("Plan", "A" * 64)])
def test_an_annex_has_a_title_and_a_hash(dbsession, agreement, title, sha256):
    with pytest.raises(Refusal):
        annex(dbsession, agreement, title, sha256)
    annex(dbsession, agreement, "Plan", HASH)
    with pytest.raises(Refusal, match="déjà cette annexe"):
        annex(dbsession, agreement, "Plan", HASH)


def test_each_legal_basis_has_a_version_of_its_own():
    texts = [one.text for one in BASES.values()]
    assert len(set(texts)) == len(texts)
    assert all(text.endswith("version 1") for text in texts)
    assert BASES["service"].text == LEGAL_BASIS


RENT = replace(HALF, shares=(Share(Fraction(0)),), floor=Decimal("600.00"))


def test_a_rental_is_chosen_before_signature_and_never_triggered_by_low_savings(dbsession):
    shareholder = town(dbsession)
    facts = {
        "title": "Capteurs",
        "shareholder": shareholder,
        "budget": shareholder.budgets[0],
        "starts_on": START,
        "ends_on": END,
    }
    with pytest.raises(Refusal, match="est un loyer"):
        draft_agreement(dbsession, number="P-1", terms=RENT, **facts)
    with pytest.raises(Refusal, match="ne partage aucune économie"):
        draft_agreement(dbsession, number="P-1", terms=HALF, legal_basis=BASES["rental"].text, **facts)
    rental = draft_agreement(dbsession, number="P-1", terms=RENT, legal_basis=BASES["rental"].text, **facts)
    assert "loyer qui ne dépend pas des économies" in rental.legal_basis
    service = draft_agreement(dbsession, number="P-2", terms=HALF, **facts)
    with pytest.raises(Refusal, match="ne remplace jamais un partage"):
        set_terms(dbsession, service, RENT)


def test_no_amendment_turns_a_service_into_a_rental(dbsession):
    agreement, _ = signed(dbsession, town(dbsession), "École")
    with pytest.raises(Refusal, match="est un loyer"):
        draft_amendment(dbsession, agreement, title="Un loyer", effective_on=dt.date(2024, 1, 1), terms=RENT)
