"""SIREN, SIRET, VAT number and IBAN: real ones pass, one wrong digit does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.errors import Refusal
from foundation.identifiers import check_iban, check_siren, check_siret, vat_number_from_siren


def with_luhn_key(body: str) -> str:
    """Return `body` with the one digit that makes its Luhn sum a multiple of ten, found by trying."""
    for key in "0123456789":
        doubled = [int(d) * 2 if place % 2 else int(d) for place, d in enumerate(reversed(body + key))]
        if sum(d if d < 10 else d - 9 for d in doubled) % 10 == 0:
            return body + key
    raise AssertionError(body)


def test_identifiers_as_people_write_them() -> None:
    assert check_siren("732 829 320") == "732829320"
    assert check_siret("732 829 320 00074") == "73282932000074"
    assert check_siret("732 829 320 00074", siren="732829320") == "73282932000074"
    assert check_iban("FR14 2004 1010 0505 0001 3M02 606") == "FR1420041010050500013M02606"
    assert vat_number_from_siren("732829320") == "FR44732829320"


def test_la_poste_has_a_key_of_its_own() -> None:
    assert check_siret("35600000000048") == "35600000000048"  # head office, which satisfies Luhn too
    assert check_siret("35600000049837") == "35600000049837"  # digits add up to 45, Luhn does not hold
    with pytest.raises(Refusal, match="clé fausse"):
        check_siret("35600000049838")


@pytest.mark.parametrize("written", ["", "73282932", "7328293200", "73282932A", "٧٣٢٨٢٩٣٢٠", "²32829320"])
def test_a_siren_of_another_shape_is_refused(written: str) -> None:
    with pytest.raises(Refusal, match="neuf chiffres"):
        check_siren(written)


def test_a_siret_of_another_company_is_refused() -> None:
    with pytest.raises(Refusal, match="n'est pas un établissement"):
        check_siret("73282932000074", siren="356000000")


@pytest.mark.parametrize("written", ["FR1420041010050500013M0260", "XX", "", "FR14 2004 1010 0505 0001 3M02 60<"])
def test_an_iban_of_another_shape_is_refused(written: str) -> None:
    with pytest.raises(Refusal, match="forme"):
        check_iban(written)


@given(st.text("0123456789", min_size=8, max_size=8), st.integers(0, 8), st.integers(1, 9))
def test_any_single_wrong_digit_of_a_siren_is_seen(body: str, place: int, shift: int) -> None:
    siren = with_luhn_key(body)
    assert check_siren(siren) == siren
    wrong = siren[:place] + str((int(siren[place]) + shift) % 10) + siren[place + 1 :]
    with pytest.raises(Refusal, match="clé fausse"):
        check_siren(wrong)


@given(st.integers(4, 26), st.integers(1, 9))
def test_any_single_wrong_digit_of_an_iban_is_seen(place: int, shift: int) -> None:
    iban = "FR7630006000011234567890189"
    assert check_iban(iban) == iban
    wrong = iban[:place] + str((int(iban[place]) + shift) % 10) + iban[place + 1 :]
    with pytest.raises(Refusal, match="clé fausse"):
        check_iban(wrong)
