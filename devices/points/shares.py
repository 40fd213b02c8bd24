"""What a kWh of a point counts for in a sum: an exact share, how it is written, the energies it makes. Pure.

A share no decimal says (a third of a boiler room) is kept as a quotient: three thirds are 1, which no three decimals
are. The energy such shares make is rounded once, half even, at 10⁻¹² kWh; decimal shares are never rounded.
"""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_DIVISOR: Final = 10**9
"""Fits the column it is kept in; foundation.forms.read_ratio takes far less."""
_EXACT: Final = Context(prec=60)
_LAST: Final = Decimal(1).scaleb(-12)


class Share(NamedTuple):
    """`numerator` / `divisor`; the divisor is 1 wherever a decimal says the share."""

    numerator: Decimal
    divisor: int = 1

    @classmethod
    def of(cls, exact: Fraction | Decimal | int) -> Self:
        """Return `exact` as a share."""
        if isinstance(exact, Decimal):
            return cls(exact)
        wanted = Fraction(exact)
        decimal = _EXACT.divide(Decimal(wanted.numerator), Decimal(wanted.denominator))
        if Fraction(decimal) == wanted:
            return cls(decimal)
        return cls(Decimal(wanted.numerator), wanted.denominator)

    @classmethod
    def read(cls, written: str) -> Self:
        """Read what `written` wrote."""
        numerator, _, divisor = written.partition("/")
        return cls(Decimal(numerator), int(divisor or 1))

    @property
    def exact(self) -> Fraction:
        """The share as a number."""
        return Fraction(self.numerator) / self.divisor

    @property
    def written(self) -> str:
        """The share as data: 0.35, or 1/3."""
        decimal = f"{self.numerator.normalize():f}"
        return decimal if self.divisor == 1 else f"{decimal}/{self.divisor}"


def in_french(share: Share | Fraction) -> str:
    """Return a share as a person reads and types it: 0,35, or 1/3."""
    return (share if isinstance(share, Share) else Share.of(share)).written.replace(".", ",")


def weighed(parts: Iterable[tuple[Share, Decimal]]) -> Decimal:
    """Return the sum of energies (kWh), each counted for its share."""
    whole, rest = Decimal(0), Fraction(0)
    for (numerator, divisor), kwh in parts:
        if divisor == 1:
            whole += numerator * kwh
        else:
            rest += Fraction(numerator * kwh) / divisor
    if not rest:
        return whole
    total = rest + Fraction(whole)
    return _EXACT.divide(Decimal(total.numerator), Decimal(total.denominator)).quantize(_LAST, context=_EXACT)
