"""Net benefit of a municipality: what it did not spend less the SPL's share, both with the VAT it cannot recover.

A budget that recovers no VAT saves the energy with its VAT, and pays the share with its VAT; one that recovers all
compares amounts without. In between, the coefficient of its activities counts on both sides (CGI ann. II art. 206).
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from foundation.money import euros

if TYPE_CHECKING:
    from collections.abc import Mapping

NORMAL, REDUCED = Decimal("0.20"), Decimal("0.055")
"""CGI art. 278 and 278-0 bis."""
ENERGY_VAT = {"electricity": NORMAL, "gas": NORMAL}
"""On the variable part. Heat of a network that is half renewable has the reduced rate, and so has water: where nobody
said which, the reduced one is taken, so that the municipality's benefit is never shown too large."""


class Benefit(NamedTuple):
    """Euros: `avoided` and `fee` without VAT, the VAT on each that is not recovered, and what is left."""

    avoided: Decimal
    avoided_vat: Decimal
    fee: Decimal
    fee_vat: Decimal

    @property
    def kept(self) -> Decimal:
        """What the municipality keeps; negative where it pays more than it saves."""
        return self.avoided + self.avoided_vat - self.fee - self.fee_vat


def benefit(avoided: Mapping[str, Decimal], fee: Decimal, recovery: Decimal) -> Benefit:
    """Return what is kept of `avoided` (euros without VAT by energy) after `fee`, at a VAT recovery of 0 to 1."""
    lost = 1 - recovery
    return Benefit(
        avoided=sum(avoided.values(), euros(0)),
        avoided_vat=euros(
            sum((value * ENERGY_VAT.get(energy, REDUCED) for energy, value in avoided.items()), Decimal(0)) * lost
        ),
        fee=fee,
        fee_vat=euros(fee * NORMAL * lost),
    )
