"""What being late costs a public buyer: interest and indemnity, values only.

Rate: that of the European Central Bank's main refinancing operations in force on the first day of the half-year in
which the interest began to run, plus eight points (code de la commande publique art. R2192-31); from the day after the
due date to the day of payment, both counted (R2192-32), on the amount with VAT; simple interest on 365 days. A flat
40 € besides (D2192-35). Source of the rates: ECB, "Key ECB interest rates", main refinancing operations, fixed rate.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from foundation.money import euros

if TYPE_CHECKING:
    from collections.abc import Iterable

MARGIN = Decimal(8)
"""Points above the bank's rate."""
INDEMNITY = Decimal("40.00")
YEAR_DAYS = 365
RATES: dict[tuple[int, int], Decimal] = {
    (2022, 1): Decimal("0.00"),
    (2022, 2): Decimal("0.00"),
    (2023, 1): Decimal("2.50"),
    (2023, 2): Decimal("4.00"),
    (2024, 1): Decimal("4.50"),
    (2024, 2): Decimal("4.25"),
    (2025, 1): Decimal("3.15"),
    (2025, 2): Decimal("2.15"),
    (2026, 1): Decimal("2.15"),
}
"""Percent in force on 1 January (half-year 1) and 1 July (half-year 2); a new one is a line here."""
JULY = 7


class Lateness(NamedTuple):
    """What an invoice owes beyond its amount, euros; `rate` in percent, None where the half-year's is not known yet."""

    days: int
    rate: Decimal | None
    interest: Decimal
    indemnity: Decimal


ON_TIME = Lateness(0, None, Decimal("0.00"), Decimal("0.00"))


def rate_from(first_day: dt.date) -> Decimal | None:
    """Return the percent a year of interest that begins to run on `first_day`; None where no rate is known."""
    rate = RATES.get((first_day.year, 1 if first_day.month < JULY else 2))
    return None if rate is None else rate + MARGIN


def lateness(owed: Decimal, due: dt.date, paid: Iterable[tuple[dt.date, Decimal]], on: dt.date) -> Lateness:
    """Return what being late costs at the end of the day `on`.

    `owed` is the invoice less its credit notes: what was never owed bears no interest. `paid` are days and amounts.
    """
    weighted, last, left = Fraction(0), 0, owed
    for day, amount in sorted(paid):
        late = max(0, (min(day, on) - due).days)
        weighted += Fraction(amount) * late
        last, left = max(last, late), left - amount
    if left > 0:
        late = max(0, (on - due).days)
        weighted, last = weighted + Fraction(left) * late, max(last, late)
    if last == 0 or owed <= 0:
        return ON_TIME
    rate = rate_from(due + dt.timedelta(days=1))
    interest = euros(weighted * Fraction(rate) / 100 / YEAR_DAYS) if rate is not None else Decimal("0.00")
    return Lateness(last, rate, max(interest, Decimal("0.00")), INDEMNITY)
