"""Six municipalities that do not exist and the SPL they own.

Names were made up and checked against what could be found; INSEE codes lie beyond the
last code of Morbihan; SIREN begin with 000 000, a range never allocated, and pass
Luhn's test so that every check of the product sees a well-formed number.
"""

from __future__ import annotations

from dataclasses import dataclass

SIREN_DIGITS, SIRET_DIGITS, NIC_BODY_DIGITS = 9, 14, 4


@dataclass(frozen=True, slots=True)
class Municipality:
    """A shareholder of the SPL."""

    key: str
    name: str
    siren: str
    siret: str
    insee: str
    postal_code: str
    address: str
    station: str  # code of its weather station


def luhn_digit(digits: str) -> str:
    """Return the digit that completes `digits` so that the whole passes Luhn's test (ISO/IEC 7812-1 annex B)."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if position % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def fictitious_siren(number: int) -> str:
    """Return the `number`-th SIREN of the range 000 000 xxx."""
    body = str(number).zfill(SIREN_DIGITS - 1)
    return body + luhn_digit(body)


def fictitious_siret(siren: str, establishment: int = 1) -> str:
    """Return the SIRET of the `establishment`-th establishment of `siren`."""
    body = siren + str(establishment).zfill(NIC_BODY_DIGITS)
    return body + luhn_digit(body)


COAST, INLAND = "99000001", "99000002"


def municipality(number: int, key: str, name: str, station: str) -> Municipality:
    """Describe the `number`-th municipality; its numbers follow from `number`."""
    siren = fictitious_siren(number)
    return Municipality(
        key=key,
        name=name,
        siren=siren,
        siret=fictitious_siret(siren),
        insee=f"56{900 + number}",
        postal_code=f"56{990 + number}",
        address="1 place de la Mairie",
        station=station,
    )


MUNICIPALITIES = (
    municipality(1, "plouvarnel", "Plouvarnel", COAST),
    municipality(2, "lannestrec", "Lannestrec", COAST),
    municipality(3, "locmelvin", "Locmelvin", COAST),
    municipality(4, "trevenoc", "Trévénoc", INLAND),
    municipality(5, "kervizoet", "Kervizoët", INLAND),
    municipality(6, "lambrezel", "Lambrezel", INLAND),
)


@dataclass(frozen=True, slots=True)
class Company:
    """The SPL itself, as it appears on its invoices."""

    name: str
    siren: str
    siret: str
    address: str
    postal_code: str
    city: str
    iban: str
    bic: str
    capital_euros: int


def fictitious_iban(account: str) -> str:
    """Return a French IBAN of the bank 00000, which does not exist, with right check digits (ISO 13616, RIB key)."""
    bank = counter = "00000"
    key = 97 - (89 * int(bank) + 15 * int(counter) + 3 * int(account)) % 97
    bban = f"{bank}{counter}{account}{key:02d}"
    check = 98 - int(bban + "152700") % 97  # F = 15, R = 27
    return f"FR{check:02d}{bban}"


COMPANY = Company(
    name="SPL Rade Énergies (démonstration)",
    siren=fictitious_siren(90),
    siret=fictitious_siret(fictitious_siren(90)),
    address="12 quai des Compteurs",
    postal_code="56991",
    city="Plouvarnel",
    iban=fictitious_iban("00000000090"),
    bic="XXXXFRXXXXX",
    capital_euros=1_000_000,
)
