"""Money and energy as exact numbers: one rounding of euros, one door from float to Decimal, one way to split.

Amounts are `Decimal` with 2 places, energies `Decimal` with 3, rates and shares exact fractions;
a float enters through `kwh` only, and nothing here depends on the ambient decimal context.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, SupportsFloat

from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

Exact = Decimal | Fraction | int
"""A number without rounding error of its own; a float is not one."""

CENT = Decimal("0.01")
WATT_HOUR = Decimal("0.001")
_CONTEXT = Context(prec=60, rounding=ROUND_HALF_UP)
_MOST_INTEGER_DIGITS = 11
"""Fits the narrowest column an amount is stored in."""

_SPACES = " \u00a0\u202f"
_DECIMAL = re.compile(rf"([+\-\u2212]?)([0-9]+|[0-9]{{1,3}}(?:[{_SPACES}][0-9]{{3}})+)(?:[.,]([0-9]+))?")


def euros(amount: Exact) -> Decimal:
    """Return `amount` to the cent, ties away from zero; the only place where euros are rounded.

    Half up on the absolute value, so that a credit note mirrors its invoice to the cent and
    the `round()` of the EN 16931 schematron, ties upwards, agrees on every amount it sees.
    """
    return _rounded(amount, CENT)


def kwh(energy: SupportsFloat | Exact) -> Decimal:
    """Return `energy` in kWh to 3 places, ties away from zero: the one door from float to Decimal (truth 8).

    Takes Python and NumPy numbers; a float is read by its shortest decimal, so 0.0005 is 0.001.
    Refuses what is not finite: a missing measure is never a number.
    """
    exact = energy if isinstance(energy, Decimal | Fraction | int) else Decimal(repr(float(energy)))
    if isinstance(exact, Decimal) and not exact.is_finite():
        raise Refusal(
            "Une énergie manque ou n'est pas un nombre fini ; écartez les jours sans mesure avant de les additionner."
        )
    return _rounded(exact, WATT_HOUR)


def split(total: Decimal, weights: Sequence[Exact]) -> list[Decimal]:
    """Return `total` (euros to the cent, of either sign) in parts proportional to `weights`, by largest remainder.

    The parts sum to `total` exactly and none is further than a cent from its exact share; equal remainders
    go to the first. Weights are not negative; where all are zero the parts are equal. ValueError otherwise.
    """
    if any(weight < 0 for weight in weights) or (total and not weights):
        raise ValueError("weights must not be negative, nor missing")
    shares = [Fraction(weight) for weight in weights]
    if not any(shares):
        shares = [Fraction(1)] * len(shares)
    cents, beyond = divmod(abs(Fraction(total)) * 100, 1)
    if beyond:
        raise ValueError("total must be whole cents")
    exact = [cents * share / sum(shares) for share in shares]
    parts = [int(part) for part in exact]
    by_remainder = sorted(range(len(parts)), key=lambda i: parts[i] - exact[i])
    for i in by_remainder[: cents - sum(parts)]:
        parts[i] += 1
    sign = -1 if total < 0 else 1
    return [_CONTEXT.multiply(sign * part, CENT) for part in parts]


def parse_decimal(text: str, *, places: int = 2, field: str | None = None) -> Decimal:
    """Return the number a person wrote: "1 234,56", "1234.56", "-12"; at most `places` decimals.

    Thousands are parted by (no-break) spaces in threes or not at all. Anything else is refused with a
    sentence: exponents, other digits than 0 to 9, NaN, too many decimals, more than eleven digits before the comma.
    """
    match = _DECIMAL.fullmatch(text.strip())
    if match is None:
        raise Refusal("« {text} » n'est pas un nombre ; écrivez par exemple 1 234,56.", field=field, text=text)
    sign, whole, decimals = match.groups()
    digits = re.sub(rf"[{_SPACES}]", "", whole).lstrip("0") or "0"
    if len(digits) > _MOST_INTEGER_DIGITS:
        raise Refusal("« {text} » est trop grand ; vérifiez le nombre de chiffres.", field=field, text=text)
    if decimals and len(decimals) > places:
        allowed = f"écrivez-en {places} au plus" if places else "écrivez un nombre entier"
        raise Refusal(
            "« {text} » a trop de décimales ({count}) ; {allowed}.",
            field=field,
            text=text,
            count=len(decimals),
            allowed=allowed,
        )
    value = Decimal(f"{digits}.{decimals}" if decimals else digits)
    return value.copy_negate() if sign in {"-", "\u2212"} and value else value


def _rounded(amount: Exact, step: Decimal) -> Decimal:
    """Return `amount` to a multiple of `step`, ties away from zero, never a negative zero."""
    if not isinstance(amount, Decimal | Fraction | int):
        raise TypeError(f"an exact number is needed, not {type(amount).__name__}")
    if isinstance(amount, Fraction):
        steps = (abs(amount) / Fraction(step) * 2 + 1) // 2
        amount = _CONTEXT.multiply(-steps if amount < 0 else steps, step)
    rounded = _CONTEXT.quantize(Decimal(amount), step)
    return rounded or abs(rounded)
