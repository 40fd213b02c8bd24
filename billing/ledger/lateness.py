"""What being late costs a public buyer: interest and indemnity, values only.

Rate: that of the European Central Bank's main refinancing operations in force on the first day of the half-year in
which the interest began to run, plus eight points (code de la commande publique art. R2192-31); from the day after the
due date to the day of payment, both counted (R2192-32), on the amount with VAT; simple interest on 365 days. A flat
40 € besides (D2192-35). The rates are rows (`billing.ledger.rates`): ECB, "Key ECB interest rates", fixed rate.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from foundation.money import euros

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MARGIN = Decimal(8)
"""Points above the bank's rate."""
INDEMNITY = Decimal("40.00")
YEAR_DAYS = 365
JULY = 7


class Lateness(NamedTuple):
    """What an invoice owes beyond its amount, euros.

    `rate` (percent) and `interest` are None where nobody entered the rate of the half-year that begins on `half_year`:
    not known is not nothing.
    """

    days: int
    rate: Decimal | None
    interest: Decimal | None
    indemnity: Decimal
    half_year: dt.date | None


ON_TIME = Lateness(0, None, Decimal("0.00"), Decimal("0.00"), None)


def half_year_of(day: dt.date) -> dt.date:
    """Return the first day of the half-year `day` is in."""
    return dt.date(day.year, 1 if day.month < JULY else JULY, 1)


def lateness(
    owed: Decimal,
    due: dt.date,
    paid: Iterable[tuple[dt.date, Decimal]],
    on: dt.date,
    rates: Mapping[dt.date, Decimal],
) -> Lateness:
    """Return what being late costs at the end of the day `on`; `rates` are percent by first day of their half-year.

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
    half_year = half_year_of(due + dt.timedelta(days=1))
    if half_year not in rates:
        return Lateness(last, None, None, INDEMNITY, half_year)
    rate = rates[half_year] + MARGIN
    interest = euros(weighted * Fraction(rate) / 100 / YEAR_DAYS)
    return Lateness(last, rate, max(interest, Decimal("0.00")), INDEMNITY, half_year)
