"""French identifiers: SIREN, SIRET, VAT number and IBAN, checked by their own arithmetic."""

from __future__ import annotations

import re

from foundation.errors import Refusal

LA_POSTE = "356000000"
"""SIREN of La Poste, whose establishments are too many for the Luhn key."""

_SPACING = re.compile(r"[\s\u00a0\u202f.-]")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_IBAN_LENGTH_FR = 27


def check_siren(written: str, *, field: str | None = "siren") -> str:
    """Return the nine digits of a SIREN; refuse a wrong length or key (Luhn, ISO/IEC 7812-1)."""
    siren = _SPACING.sub("", written)
    if not _digits(siren, 9):
        sentence = f"Le SIREN « {written} » doit compter neuf chiffres ; relevez-le sur l'avis de situation Insee."
        raise Refusal(sentence, field=field)
    if _luhn_sum(siren) % 10:
        raise Refusal(
            "Le SIREN « {written} » a une clé fausse ; vérifiez les chiffres saisis.", field=field, written=written
        )
    return siren


def check_siret(written: str, *, siren: str | None = None, field: str | None = "siret") -> str:
    """Return the fourteen digits of a SIRET; refuse a wrong length, a wrong key, or another company than `siren`.

    The key is Luhn's, except for establishments of La Poste, whose digits add up to a multiple of five.
    """
    siret = _SPACING.sub("", written)
    if not _digits(siret, 14):
        sentence = f"Le SIRET « {written} » doit compter quatorze chiffres ; relevez-le sur l'avis de situation Insee."
        raise Refusal(sentence, field=field)
    by_luhn = _luhn_sum(siret) % 10 == 0
    by_la_poste = siret.startswith(LA_POSTE) and sum(map(int, siret)) % 5 == 0
    if not (by_luhn or by_la_poste):
        raise Refusal(
            "Le SIRET « {written} » a une clé fausse ; vérifiez les chiffres saisis.", field=field, written=written
        )
    if siren is not None and not siret.startswith(siren):
        sentence = f"Le SIRET « {written} » n'est pas un établissement du SIREN {siren} ; corrigez l'un ou l'autre."
        raise Refusal(sentence, field=field)
    return siret


def vat_number_from_siren(siren: str) -> str:
    """Return the French VAT number: FR, key of two digits (12 + 3 × (SIREN mod 97)) mod 97, SIREN."""
    checked = check_siren(siren)
    return f"FR{(12 + 3 * (int(checked) % 97)) % 97:02d}{checked}"


def check_iban(written: str, *, field: str | None = "iban") -> str:
    """Return an IBAN without spaces; refuse a wrong shape or a remainder by 97 other than 1 (ISO 13616)."""
    iban = _SPACING.sub("", written).upper()
    if not _IBAN.fullmatch(iban) or (iban.startswith("FR") and len(iban) != _IBAN_LENGTH_FR):
        sentence = f"L'IBAN « {written} » n'a pas la forme attendue (27 caractères en France) ; recopiez-le du RIB."
        raise Refusal(sentence, field=field)
    as_number = "".join(str(int(character, 36)) for character in iban[4:] + iban[:4])
    if int(as_number) % 97 != 1:
        raise Refusal("L'IBAN « {written} » a une clé fausse ; recopiez-le du RIB.", field=field, written=written)
    return iban


def _digits(written: str, length: int) -> bool:
    # str.isdigit alone accepts other scripts' digits, which no register prints.
    return len(written) == length and written.isascii() and written.isdigit()


def _luhn_sum(digits: str) -> int:
    """Return the Luhn sum: every second digit from the right doubled, nine taken off what exceeds nine."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total
